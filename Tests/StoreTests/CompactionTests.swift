import Testing

@testable import Store

/// The selection of segments to merge.
struct CompactionTests {
    private static let compaction = Compaction(byteCountMax: 100)

    private static func run(_ segments: [(bytes: Int64, live: Int64)], completeCount: Int? = nil) -> Range<Int>? {
        compaction.run(
            segments.enumerated().map { position, segment in
                Compaction.Candidate(
                    byteCount: segment.bytes,
                    liveByteCount: segment.live,
                    isComplete: position < completeCount ?? segments.count
                )
            }
        )
    }

    @Test func largeLiveSegmentIsKept() {
        #expect(Self.run([]) == nil)
        #expect(Self.run(Array(repeating: (100, 100), count: 20)) == nil)
        #expect(Self.run(Array(repeating: (100, 50), count: 20)) == nil)
    }

    @Test func mostlyDeletedSegmentIsRewritten() {
        #expect(Self.run([(100, 100), (100, 49), (100, 100)]) == 1..<2)
    }

    @Test func mostlyDeletedSegmentsAreMergedWithSmallOnes() {
        #expect(Self.run([(100, 40), (100, 0), (20, 20), (100, 30), (100, 40), (100, 90)]) == 0..<4)
    }

    @Test func manySmallSegmentsAreMerged() {
        #expect(Self.run(Array(repeating: (5, 5), count: 7)) == nil)
        #expect(Self.run(Array(repeating: (5, 5), count: 8)) == 0..<8)
        #expect(Self.run([(100, 100)] + Array(repeating: (5, 5), count: 9)) == 1..<10)
    }

    /// Merging a large segment with a few tiny ones would rewrite the large one each time.
    @Test func largeSegmentIsNotMergedWithFewSmallOnes() {
        #expect(Self.run([(25, 25)] + Array(repeating: (1, 1), count: 8)) == 1..<9)
        #expect(Self.run([(25, 25)] + Array(repeating: (1, 1), count: 7)) == nil)
    }

    @Test func activeSegmentIsNotMerged() {
        #expect(Self.run(Array(repeating: (5, 5), count: 8), completeCount: 7) == nil)
        #expect(Self.run([(100, 0)], completeCount: 0) == nil)
    }

    /// For every list of up to five segments of various sizes and live shares, runs fit one segment, and merging
    /// terminates.
    @Test func mergingTerminates() {
        let kinds: [(bytes: Int64, live: Int64)] = [(100, 100), (100, 30), (100, 0), (24, 24), (24, 5)]
        for count in 0...5 {
            for code in 0..<Int(pow(kinds.count, count)) {
                var rest = code
                var segments = (0..<count).map { _ in
                    defer { rest /= kinds.count }
                    return kinds[rest % kinds.count]
                }
                var rounds = 0
                while let run = Self.run(segments) {
                    let live = segments[run].reduce(0) { $0 + $1.live }
                    #expect(run.count == 1 || live <= Self.compaction.byteCountMax, "\(segments) \(run)")
                    segments.replaceSubrange(run, with: live > 0 ? [(live, live)] : [])
                    rounds += 1
                    guard rounds <= count else {
                        Issue.record("no end: \(segments)")
                        return
                    }
                }
            }
        }
    }

    private func pow(_ base: Int, _ exponent: Int) -> Int {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}
