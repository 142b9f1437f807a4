/// Which neighbours of a log are worth writing again as one segment.
///
/// Segments whose documents were mostly replaced or deleted waste space, and many small ones cost every lookup. A run
/// is written again where that halves it, or makes one segment of many; so a byte is written few times in its life.
struct Compaction: Sendable, Hashable {
    /// What the choice looks at in one segment.
    struct Candidate: Sendable, Hashable {
        /// Bytes of its lines, and of those that are live.
        var byteCount: Int64
        var liveByteCount: Int64
        /// Whether it takes no more records.
        var isComplete: Bool
    }

    /// Live bytes that one segment may have after a merge.
    var byteCountMax: Int64
    /// As many small segments are merged at once, at least.
    var runCountMin = 8

    /// Returns the oldest run worth merging, or nil.
    ///
    /// A run is as long as its live bytes fit one segment. It is worth it where half of its bytes are dead, or where it
    /// replaces ``runCountMin`` segments by one at least four times the largest of them.
    func run(_ segments: [Candidate]) -> Range<Int>? {
        for start in segments.indices where segments[start].isComplete {
            if segments[start].isMostlyDead {
                return start..<end(of: start, in: segments) { $0.isMostlyDead || $0.liveByteCount * 4 <= byteCountMax }
            }
            let end = end(of: start, in: segments) { $0.liveByteCount * 4 <= byteCountMax }
            let run = segments[start..<max(end, start)]
            let liveByteCount = run.reduce(0) { $0 + $1.liveByteCount }
            let largest = run.map(\.liveByteCount).max() ?? 0
            if run.count >= runCountMin, liveByteCount >= largest * 4 { return start..<end }
        }
        return nil
    }

    /// Where a run from `start` on ends that takes what `belongs` lets in and fits one segment.
    private func end(of start: Int, in segments: [Candidate], _ belongs: (Candidate) -> Bool) -> Int {
        var liveByteCount: Int64 = 0
        var end = start
        while end < segments.count, segments[end].isComplete, belongs(segments[end]) {
            liveByteCount += segments[end].liveByteCount
            if liveByteCount > byteCountMax, end > start { break }
            end += 1
        }
        return end
    }
}

extension Compaction.Candidate {
    fileprivate var isMostlyDead: Bool { liveByteCount * 2 < byteCount }
}
