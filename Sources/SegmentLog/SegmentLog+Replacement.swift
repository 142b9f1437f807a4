package import Disk

/// Sealing, merging and dropping segments: by one caller at a time, concurrently with appends and reads.
///
/// Each has three steps. Preparing writes a new, unlisted file; ``publish(_:)`` puts it into effect by one atomic
/// change of the manifest; ``clear(_:)`` removes the replaced files. A crash anywhere leaves the log before or after
/// the change, and files that the next open removes.
extension SegmentLog {
    /// All segments, oldest first, the active one last.
    package var segments: [SegmentSummary] {
        // The active one first: if it rolls in between, a segment is missing instead of listed twice.
        let active = committer.active
        let closed = manifest.current.closed.filter { $0.first < active.id.first }
        return closed.map(SegmentSummary.init) + [active]
    }

    /// Returns the path of a sealed segment's index.
    package func indexPath(_ id: SegmentID) -> String {
        "\(options.directory)/\(SegmentName.make(id, .index))"
    }

    /// Returns a sealed segment, to read all of its records; nil if it was merged or dropped.
    package func sealedSegment(_ id: SegmentID) -> SealedSegment? {
        let closed = manifest.current.closed.first { $0.id == id && $0.sealed != nil }
        return closed.map { SealedSegment($0, options, on: disk) }
    }

    /// Compresses a closed segment; its records keep their pointers.
    ///
    /// Blocks for a pass over the segment. `visit` is called for each record, in order.
    /// - Throws: ``StorageError/corrupt(_:)`` if the segment is damaged; errors of `visit`; ``StorageError/disk(_:)``.
    ///   Then no file of it remains.
    /// - Precondition: The segment is closed and not sealed.
    package func replacement(
        sealing id: SegmentID,
        visit: (LogEntry) throws(StorageError) -> Void
    ) throws(StorageError) -> Replacement {
        guard let closed = manifest.current.closed.first(where: { $0.id == id && $0.sealed == nil }) else {
            throw .retired
        }
        let new = try write(id, last: closed.last) { writer throws(StorageError) in
            var scan = try SegmentScan(.closed(closed), options, on: disk)
            while let entry = try scan.nextEntry() {
                try writer.append(entry.line, at: entry.at)
                try visit(entry)
            }
        }
        return Replacement(old: [SegmentSummary(closed)], new: new)
    }

    /// Writes the records of adjacent sealed segments for which `keeping` returns true as one new segment.
    ///
    /// Records keep their sequences and times; their lines get the checksums of their new places. `visit` is called
    /// with each new record.
    /// - Throws: as ``replacement(sealing:visit:)`` does; errors of `keeping`.
    /// - Precondition: The segments are sealed, adjacent and in this order.
    package func replacement(
        merging ids: [SegmentID],
        keeping: (LogEntry) throws(StorageError) -> Bool,
        visit: (LogEntry) throws(StorageError) -> Void
    ) throws(StorageError) -> Replacement {
        let old = try listed(ids)
        guard let first = old.first, let last = old.last else { preconditionFailure("a merge has segments") }
        let generation = (ids.map(\.generation).max() ?? 0) + 1
        let id = SegmentID(first: first.first, generation: generation)
        let seed = RecordLine.seed(log: options.name, segment: id)
        let new = try write(id, last: last.last) { writer throws(StorageError) in
            var line: [UInt8] = []
            for closed in old {
                var scan = try SegmentScan(.closed(closed), options, on: disk)
                while let entry = try scan.nextEntry() {
                    guard try keeping(entry) else { continue }
                    let offset = writer.byteCount
                    line.removeAll(keepingCapacity: true)
                    RecordLine.reseal(entry.line, seed: seed &+ UInt64(bitPattern: offset), to: &line)
                    try writer.append(line[...], at: entry.at)
                    try visit(entry.moved(to: id, offset: UInt32(offset), line: line))
                }
            }
        }
        return Replacement(old: old.map(SegmentSummary.init), new: new)
    }

    /// Prepares to drop the oldest segments, which are closed.
    ///
    /// - Throws: ``StorageError/retired`` if one does not belong to the log any more; ``StorageError/disk(_:)``.
    package func replacement(dropping ids: [SegmentID]) throws(StorageError) -> Replacement {
        try manifest.settle()
        return Replacement(old: try listed(ids).map(SegmentSummary.init), new: nil)
    }

    /// Puts a replacement into effect, durably; the old segments can be read until it is cleared.
    ///
    /// - Throws: ``StorageError/disk(_:)``. Then the log continues with the old ones.
    package func publish(_ replacement: Replacement) throws(StorageError) {
        try manifest.update { manifest in
            guard let first = manifest.closed.firstIndex(where: { $0.id == replacement.old.first?.id }) else {
                preconditionFailure("replaced segments are listed")
            }
            let range = first..<first + replacement.old.count
            precondition(manifest.closed[range].map(\.id) == replacement.old.map(\.id), "neighbours")
            manifest.closed.replaceSubrange(range, with: replacement.listed.map { [$0] } ?? [])
        }
        if let new = replacement.listed { files.list(new) }
        committer.noteReplaced(replacement)
    }

    /// Removes the files of replaced segments; reading them throws ``StorageError/retired`` from now on.
    ///
    /// - Throws: ``StorageError/disk(_:)``; remaining files are removed by the next open.
    package func clear(_ replacement: Replacement) throws(StorageError) {
        let retired = replacement.retired.map(\.id)
        files.retire(retired)
        options.frameCache.forget(Set(retired), of: number)
        for old in replacement.old { try removeFiles(of: old, exceptIndex: old.id == replacement.new?.id) }
    }

    /// Removes a prepared replacement that will not be published.
    package func abandon(_ replacement: Replacement) {
        guard let new = replacement.new else { return }
        // The next open removes files that cannot be removed now.
        do throws(StorageError) { try removeFiles(of: new, exceptIndex: false) } catch {}
    }

    /// Writes a sealed segment of the records that `body` appends; after a failure no file of it remains.
    private func write(
        _ id: SegmentID,
        last: UInt64,
        _ body: (inout SealedWriter) throws(StorageError) -> Void
    ) throws(StorageError) -> Manifest.Closed? {
        try manifest.settle()
        var writer = try SealedWriter(id, directory: options.directory, options.frameCache.contexts, on: disk)
        do throws(StorageError) {
            try body(&writer)
            return try writer.finish(last: last)
        } catch {
            writer.discard()
            throw error
        }
    }

    private func listed(_ ids: [SegmentID]) throws(StorageError) -> [Manifest.Closed] {
        let closed = manifest.current.closed
        let found = ids.compactMap { id in closed.first { $0.id == id } }
        guard found.count == ids.count else { throw .retired }
        return found
    }

    private func removeFiles(of segment: SegmentSummary, exceptIndex: Bool) throws(StorageError) {
        var forms: [SegmentName.Form] = segment.form == .sealed ? [.sealed] : [.plain]
        if !exceptIndex { forms.append(.index) }
        for form in forms {
            let path = "\(options.directory)/\(SegmentName.make(segment.id, form))"
            if try disk.entry(path) != nil { try disk.remove(path) }
        }
    }
}

extension LogEntry {
    /// Returns this record at another place.
    fileprivate func moved(to segment: SegmentID, offset: UInt32, line: [UInt8]) -> LogEntry {
        let start = self.line.startIndex
        return LogEntry(
            sequence: sequence,
            batch: batch,
            at: at,
            pointer: RecordPointer(segment: segment, offset: offset, byteCount: UInt32(line.count)),
            form: .sealed,
            line: line[...],
            members: members.lowerBound - start..<members.upperBound - start
        )
    }
}
