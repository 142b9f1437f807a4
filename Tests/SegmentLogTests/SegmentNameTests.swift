internal import Testing

@testable internal import SegmentLog

struct SegmentNameTests {
    @Test(arguments: [1, 150_001, UInt64.max])
    func aNameReadsBack(_ first: UInt64) {
        #expect(SegmentName.parse(SegmentName.make(first)) == first)
    }

    @Test func namesAreTheDocumentedOnes() {
        #expect(SegmentName.make(150_001) == "00000000000000150001.jsonl")
        #expect(SegmentName.manifest == "manifest.json")
    }

    @Test func namesSortAsSequences() {
        let firsts: [UInt64] = [1, 9, 10, 99, 100_000, .max]
        #expect(firsts.map(SegmentName.make).sorted() == firsts.map(SegmentName.make))
    }

    @Test(
        arguments: [
            "", "manifest.json", "manifest.json.new", "1.jsonl", "00000000000000000000.jsonl",
            "00000000000000000001.jsonl.zst", "00000000000000000001.idx", "0000000000000000001.jsonl",
            "000000000000000000001.jsonl", "+0000000000000000001.jsonl", "0000000000000000000a.jsonl",
            "99999999999999999999.jsonl", "00000000000000000001.JSONL", "\u{0661}000000000000000001.jsonl",
        ]
    )
    func otherNamesAreNotSegments(_ name: String) {
        #expect(SegmentName.parse(name) == nil)
    }
}
