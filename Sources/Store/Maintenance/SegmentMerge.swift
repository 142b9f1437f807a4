internal import Disk
internal import Index
internal import SegmentLog

/// Decides for each record of a run of segments whether to keep it.
///
/// Live documents are kept. So is a tombstone that is the last record of its id while an older segment still has a
/// document of that id: without it, the next start would take that document for live.
final class SegmentMerge {
    let run: [IndexedSegment]
    /// For each kept record, its old row; empty for events.
    private(set) var origins: [RowOrigin] = []
    /// Why the decision failed.
    private(set) var failure: StorageError?
    private let older: [IndexedSegment]
    private let newer: [IndexedSegment]
    /// The next record: its segment's position in the run, and its row there.
    private var next = RowOrigin(segment: 0, row: 0)

    init(_ range: Range<Int>, in segments: [IndexedSegment]) {
        run = Array(segments[range])
        older = Array(segments[..<range.lowerBound])
        newer = Array(segments[range.upperBound...])
    }

    /// Whether the next record of the run is kept; called for each, in order.
    func keeps(_ entry: LogEntry) -> Bool {
        // Events are all live, and their old rows are not needed.
        if run[0].live == nil { return true }
        while next.row == run[next.segment].rowCount { next = RowOrigin(segment: next.segment + 1, row: 0) }
        let origin = next
        next = RowOrigin(segment: origin.segment, row: origin.row + 1)
        do throws(StorageError) {
            let isLive = run[origin.segment].isLive(origin.row)
            let isKept = isLive ? true : try isNeededTombstone(entry, at: origin)
            if isKept { origins.append(origin) }
            return isKept
        } catch {
            failure = failure ?? error
            return false
        }
    }

    private func isNeededTombstone(_ entry: LogEntry, at origin: RowOrigin) throws(StorageError) -> Bool {
        guard !older.isEmpty, let record = entry.line.withUnsafeBytes({ Record($0) }), record.document == nil else {
            return false
        }
        let id = Text(record.id)
        guard try run[origin.segment].lastRow(of: id) == origin.row else { return false }
        for segment in run[(origin.segment + 1)...] + newer where try segment.lastRow(of: id) != nil { return false }
        for segment in older where try segment.lastRow(of: id) != nil { return true }
        return false
    }
}

extension IndexedSegment {
    /// Returns the properties for compaction; a segment that is not sealed is not complete.
    ///
    /// Tombstones count as live, because they may be needed, except in the oldest segment.
    func compactionCandidate(
        _ summary: SegmentSummary?,
        isOldest: Bool
    ) throws(StorageError) -> Compaction.Candidate {
        guard let summary, let sealed = index as? MappedIndex, rowCount > 0 else {
            return Compaction.Candidate(byteCount: 0, liveByteCount: 0, isComplete: false)
        }
        let keptCount = liveCount + (isOldest ? 0 : sealed.tombstoneCount)
        return Compaction.Candidate(
            byteCount: summary.byteCount,
            liveByteCount: summary.byteCount * Int64(keptCount) / Int64(rowCount),
            isComplete: true
        )
    }
}
