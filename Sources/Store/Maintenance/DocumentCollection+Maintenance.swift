internal import Disk
internal import Index
internal import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// Sealing, compaction, retention.
///
/// It is called by one caller at a time, concurrently with appends and reads, which it never blocks. Each step takes
/// effect by one atomic change of the manifest: a crash anywhere leaves the collection before or after the step.
extension DocumentCollection {
    /// Performs all due steps and reports them; returns when none is left, or soon after `isEnding` returns true.
    ///
    /// Events expire as at `now`.
    func maintain(
        _ retention: Retention?,
        at now: Timestamp,
        _ compaction: Compaction,
        notice: (MaintenanceNotice) -> Void,
        isEnding: () -> Bool
    ) throws(StorageError) {
        guard !isQuarantined else { return }
        if let retention, let dropped = try drop(retention, at: now) { notice(dropped) }
        for path in damagedIndexPaths.withLockedValue({ $0.sorted() }) {
            if let rebuilt = try rebuildIndex(path) { notice(rebuilt) }
        }
        try sealClosed(notice: notice, isEnding: isEnding)
        while !isEnding(), let compacted = try compact(compaction, isEnding) { notice(compacted) }
    }

    // MARK: Sealing

    /// Seals every closed segment; returns early after `isEnding` returns true.
    func sealClosed(notice: (MaintenanceNotice) -> Void, isEnding: () -> Bool) throws(StorageError) {
        guard !isQuarantined else { return }
        for segment in log.segments where segment.form == .closed {
            guard let sealed = try seal(segment, isEnding) else { return }
            notice(sealed)
        }
    }

    /// Closes the active segment if it has at least `byteCountMin` bytes, so that it can be sealed.
    func closeLongActive(byteCountMin: Int64) async throws(StorageError) {
        guard let active = log.segments.last, active.byteCount >= byteCountMin else { return }
        try await log.roll()
    }

    /// Compresses a closed segment and replaces its index in memory by an index file; returns nil if it was cancelled.
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

    /// Rebuilds an index file that a read found damaged; returns nil if it is not needed any more.
    private func rebuildIndex(_ path: String) throws(StorageError) -> MaintenanceNotice? {
        let segment = log.segments.first { $0.form == .sealed && log.indexPath($0.id) == path }
        if let segment, let sealed = log.sealedSegment(segment.id) {
            index.swap(try MappedIndex.rebuild(sealed, schema, on: disk))
        }
        damagedIndexPaths.withLockedValue { _ = $0.remove(path) }
        return segment.map { _ in .rebuiltIndex(collection: schema.name, path: path) }
    }

    /// Writes the index file of a replacement and puts both into effect.
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

    /// Closes the active segment if few events arrive, so that it does not keep old ones too long.
    func closeForRetention(_ retention: Retention?, at now: Timestamp) async throws(StorageError) {
        guard let retention, let active = log.segments.last, let oldest = active.firstAt,
            retention.closesActive(oldest: oldest, now: now)
        else { return }
        try await log.roll()
    }

    /// Drops the expired segments; returns nil if there are none.
    private func drop(_ retention: Retention, at now: Timestamp) throws(StorageError) -> MaintenanceNotice? {
        precondition(schema.isAppendOnly, "only events expire")
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
        let count = retention.dropCount(candidates, now: now)
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

    /// Merges the oldest run that is worth it into one segment; returns nil if there is none, or if it was cancelled.
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
    /// Returns the size of the new segment on disk, with its index.
    fileprivate func storedByteCount(with index: MappedIndex?) -> Int64 {
        (new?.storedByteCount ?? 0) + (index?.byteCount ?? 0)
    }
}
