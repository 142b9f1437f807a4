internal import Disk
internal import Index
internal import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// Growing old gracefully: sealing what is closed, merging what is mostly dead, dropping what may go.
///
/// All of it is called by one caller at a time, beside appends and reads, which it never stops. Each step is published
/// by one atomic change of the manifest: a crash anywhere leaves the collection before the step or behind it.
extension DocumentCollection {
    /// Does what is due and tells it; returns when nothing more is, or soon after `isEnding` says so.
    func maintain(
        _ retention: Retention?,
        _ compaction: Compaction,
        notice: (MaintenanceNotice) -> Void,
        isEnding: () -> Bool
    ) throws(StorageError) {
        guard !isQuarantined else { return }
        if let retention, let dropped = try drop(retention) { notice(dropped) }
        for path in damagedIndexPaths.withLockedValue({ $0.sorted() }) {
            if let mended = try mend(path) { notice(mended) }
        }
        try sealClosed(notice: notice, isEnding: isEnding)
        while !isEnding(), let compacted = try compact(compaction, isEnding) { notice(compacted) }
    }

    // MARK: Sealing

    /// Seals every segment that takes no more records; returns soon after `isEnding` says so.
    func sealClosed(notice: (MaintenanceNotice) -> Void, isEnding: () -> Bool) throws(StorageError) {
        guard !isQuarantined else { return }
        for segment in log.segments where segment.form == .closed {
            guard let sealed = try seal(segment, isEnding) else { return }
            notice(sealed)
        }
    }

    /// Closes an active segment of some length, so that it can be sealed.
    func closeLongActive(byteCountMin: Int64) async throws(StorageError) {
        guard let active = log.segments.last, active.byteCount >= byteCountMin else { return }
        try await log.roll()
    }

    /// Compresses a closed segment and lets an index file take the place of the one in memory; nil where it was given up.
    private func seal(_ segment: SegmentSummary, _ isEnding: () -> Bool) throws(StorageError) -> MaintenanceNotice? {
        var rows = RowCollector(schema)
        let replacement: Replacement
        do throws(StorageError) {
            replacement = try log.replacement(sealing: segment.id) { entry throws(StorageError) in
                if isEnding() { throw .closed }
                rows.add(entry)
            }
        } catch .closed {
            return nil
        }
        let sealed = try publish(replacement, rows)
        if let sealed { index.swap(sealed) }
        try log.clear(replacement)
        return .sealed(
            collection: schema.name,
            documentCount: segment.recordCount,
            byteCount: segment.byteCount,
            storedByteCount: replacement.storedByteCount(with: sealed)
        )
    }

    /// Makes an index file again that a read found damaged; nil where it is not needed any more.
    private func mend(_ path: String) throws(StorageError) -> MaintenanceNotice? {
        let segment = log.segments.first { $0.form == .sealed && log.indexPath($0.id) == path }
        if let segment, let sealed = log.sealedSegment(segment.id) {
            index.swap(try MappedIndex.rebuild(sealed, schema, on: disk))
        }
        damagedIndexPaths.withLockedValue { _ = $0.remove(path) }
        return segment.map { _ in .mended(collection: schema.name, path: path) }
    }

    /// Writes the index file of a replacement and makes both count.
    private func publish(_ replacement: Replacement, _ rows: RowCollector) throws(StorageError) -> MappedIndex? {
        var sealed: MappedIndex?
        do throws(StorageError) {
            if let new = replacement.new {
                sealed = try rows.publish(at: log.indexPath(new.id), of: new, on: disk)
            }
        } catch {
            log.abandon(replacement)
            throw error
        }
        try log.publish(replacement)
        return sealed
    }

    // MARK: Retention

    /// Closes the active segment where few events arrive and it would keep old ones too long.
    func closeForRetention(_ retention: Retention?) async throws(StorageError) {
        guard let retention, let active = log.segments.last, let oldest = active.firstAt,
            retention.closesActive(oldest: oldest, now: clock())
        else { return }
        try await log.roll()
    }

    /// Drops the segments that may go, and returns nil where there is none.
    private func drop(_ retention: Retention) throws(StorageError) -> MaintenanceNotice? {
        precondition(schema.isAppendOnly, "only events grow old")
        let segments = log.segments
        let candidates = try index.snapshot().map { segment throws(StorageError) in
            let summary = segments.first { $0.id == segment.index.segment }
            let indexed = (segment.index as? MappedIndex)?.byteCount ?? 0
            return Retention.Candidate(
                documentCount: segment.liveCount,
                byteCount: (summary?.storedByteCount ?? 0) + indexed,
                newest: try segment.index.committedRange(below: segment.rowCount)?.upperBound ?? .earliest,
                isComplete: summary.map { $0.form != .active } ?? false
            )
        }
        let count = retention.dropCount(candidates, now: clock())
        guard count > 0 else { return nil }
        let ids = try index.snapshot().prefix(count).map(\.index.segment)
        let replacement = try log.replacement(dropping: ids)
        try log.publish(replacement)
        index.drop(ids)
        try log.clear(replacement)
        return .dropped(
            collection: schema.name,
            segmentCount: count,
            documentCount: candidates.prefix(count).reduce(0) { $0 + $1.documentCount },
            byteCount: candidates.prefix(count).reduce(0) { $0 + $1.byteCount }
        )
    }

    // MARK: Compaction

    /// Writes the oldest run worth it again as one segment, and returns nil where there is none, or where it was given up.
    private func compact(_ compaction: Compaction, _ isEnding: () -> Bool) throws(StorageError) -> MaintenanceNotice? {
        let segments = try index.snapshot()
        let summaries = log.segments
        let candidates = try segments.indices.map { position throws(StorageError) in
            try segments[position].compactionCandidate(
                summaries.first { $0.id == segments[position].index.segment },
                isOldest: position == 0
            )
        }
        guard let range = compaction.run(candidates) else { return nil }
        let merge = SegmentMerge(range, in: segments)
        let run = merge.run.map(\.index.segment)
        var rows = RowCollector(schema)
        let replacement: Replacement
        do throws(StorageError) {
            replacement = try log.replacement(merging: run) { entry throws(StorageError) in
                if isEnding() { throw .closed }
                return merge.keeps(entry)
            } visit: { entry in
                rows.add(entry)
            }
        } catch .closed {
            return nil
        }
        if let failure = merge.failure {
            log.abandon(replacement)
            throw failure
        }
        let merged = try publish(replacement, rows)
        index.merge(run, into: merged, origins: merge.origins)
        try log.clear(replacement)
        return .compacted(
            collection: schema.name,
            segmentCount: run.count,
            byteCount: replacement.old.reduce(0) { $0 + $1.storedByteCount },
            storedByteCount: replacement.storedByteCount(with: merged)
        )
    }
}

extension Replacement {
    /// Bytes that what is new takes on disk.
    fileprivate func storedByteCount(with index: MappedIndex?) -> Int64 {
        (new?.storedByteCount ?? 0) + (index?.byteCount ?? 0)
    }
}
