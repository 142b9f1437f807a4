internal import Testing

@testable internal import SegmentLog

struct SegmentNameTests {
    @Test(arguments: [1, 150_001, UInt64.max], [0, 1, 10, UInt32.max])
    func nameIsReadBack(_ first: UInt64, _ generation: UInt32) throws {
        let id = SegmentID(first: first, generation: generation)
        for form in SegmentName.Form.allCases where form != .plain || generation == 0 {
            let found = try #require(SegmentName.parse(SegmentName.make(id, form)))
            #expect(found == (id, form))
        }
    }

    @Test func namesMatchTheDocumentation() {
        #expect(SegmentName.make(150_001) == "00000000000000150001.jsonl")
        #expect(SegmentName.make(150_001, .sealed) == "00000000000000150001.jsonl.zst")
        let merged = SegmentID(first: 1, generation: 2)
        #expect(SegmentName.make(merged, .sealed) == "00000000000000000001-2.jsonl.zst")
        #expect(SegmentName.make(merged, .index) == "00000000000000000001-2.idx")
        #expect(SegmentName.manifest == "manifest.json")
    }

    @Test func namesSortAsSequences() {
        let names = [1, 9, 10, 99, 100_000, .max].map { SegmentName.make(SegmentID(first: $0)) }
        #expect(names.sorted() == names)
    }

    @Test(
        arguments: [
            "", "manifest.json", "manifest.json.new", "1.jsonl", "00000000000000000000.jsonl",
            "00000000000000000001-1.jsonl", "00000000000000000001-0.idx", "00000000000000000001-.idx",
            "00000000000000000001-01.idx", "00000000000000000001-4294967296.idx", "00000000000000000001-x.jsonl.zst",
            "00000000000000000001.zst", "00000000000000000001.jsonl.new", "0000000000000000001.jsonl",
            "000000000000000000001.jsonl", "+0000000000000000001.jsonl", "0000000000000000000a.jsonl",
            "99999999999999999999.jsonl", "00000000000000000001.JSONL", "\u{0661}000000000000000001.jsonl",
        ]
    )
    func otherNamesAreNotSegments(_ name: String) {
        #expect(SegmentName.parse(name) == nil)
    }
}
