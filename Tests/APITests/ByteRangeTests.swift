import Testing

@testable import API

struct ByteRangeTests {
    /// Every form of RFC 9110, section 14.1.2, against a file of 1000 bytes.
    static let readings: [(String?, ByteRange)] = [
        (nil, .whole),
        ("bytes=0-499", .part(0..<500)),
        ("bytes=500-", .part(500..<1000)),
        ("bytes=-500", .part(500..<1000)),
        ("bytes=-5000", .part(0..<1000)),
        ("bytes=0-0", .part(0..<1)),
        ("bytes=999-999", .part(999..<1000)),
        ("bytes=999-5000", .part(999..<1000)),
        ("bytes=0-9223372036854775807", .part(0..<1000)),
        ("Bytes= 1-2 ", .part(1..<3)),
        ("bytes=1000-", .unsatisfiable),
        ("bytes=1000-1001", .unsatisfiable),
        ("bytes=-0", .unsatisfiable),
        ("bytes=5-4", .whole),
        ("bytes=0-1,5-6", .whole),
        ("items=0-1", .whole),
        ("bytes=", .whole),
        ("bytes=-", .whole),
        ("bytes=a-b", .whole),
        ("bytes=+1-2", .whole),
        ("bytes=1-2-3", .whole),
        ("bytes 0-1", .whole),
        ("bytes=99999999999999999999-", .whole),
        ("bytes=" + String(repeating: "1", count: 1000) + "-", .whole),
    ]

    @Test(arguments: readings.indices)
    func rangeHeaderIsParsed(_ index: Int) {
        let (header, range) = Self.readings[index]
        #expect(ByteRange(header: header, byteCount: 1000) == range, "\(header ?? "none")")
    }

    @Test(arguments: ["bytes=0-", "bytes=0-0", "bytes=-1"])
    func rangeOfAnEmptyFileIsUnsatisfiable(_ header: String) {
        #expect(ByteRange(header: header, byteCount: 0) == .unsatisfiable)
    }
}

struct EntityTagsTests {
    @Test(arguments: ["\"a\"", "W/\"a\"", "\"b\", \"a\"", " \"b\",W/\"a\" ", "*"])
    func ifNoneMatchComparesWeakly(_ header: String) {
        #expect(EntityTags(header: header).matchesWeakly("\"a\""))
        #expect(EntityTags(header: header).matchesWeakly("\"c\"") == (header == "*"))
    }

    @Test(arguments: ["W/\"a\"", "\"a\", \"b\"", "*", "Mon, 23 Nov 2026 19:36:20 GMT", ""])
    func ifRangeTakesOneStrongTagOnly(_ header: String) {
        #expect(!EntityTags(header: header).matchesStrongly("\"a\""))
        #expect(EntityTags(header: "\"a\"").matchesStrongly("\"a\""))
    }
}
