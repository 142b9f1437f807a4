/// Selects adjacent segments of a log to merge into one.
///
/// Segments whose documents were mostly replaced or deleted waste space, and many small ones slow down lookups. A run
/// of segments is merged if that halves its size, or replaces many segments by one; so each byte is rewritten only a
/// few times.
struct Compaction: Sendable, Hashable {
    /// The properties of a segment for the selection.
    struct Candidate: Sendable, Hashable {
        /// The number of bytes of its lines; below, of its live ones.
        var byteCount: Int64
        var liveByteCount: Int64
        /// Whether no more records are appended to it.
        var isComplete: Bool
    }

    /// The maximum number of live bytes of a merged segment.
    var byteCountMax: Int64
    /// The minimum number of small segments to merge.
    var runCountMin = 8

    /// Returns the oldest run to merge, or nil.
    ///
    /// The live bytes of a run must fit one segment. A run is merged if half of its bytes are not live, or if it
    /// replaces ``runCountMin`` segments by one at least four times as large as the largest of them.
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

    /// Returns the end of a run from `start` on whose segments all satisfy `belongs` and fit one segment.
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
