internal import Disk
internal import Index
internal import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

extension DocumentCollection {
    /// How often a read is repeated because maintenance has replaced a segment during it.
    private static let attemptCountMax = 8
    /// How many places of damage are recorded.
    private static let damageCountMax = 100

    /// Runs a read, and repeats it on the current segments if one was rewritten or dropped during it.
    ///
    /// Only the operations of the collection call it, and never nested, so attempts do not multiply.
    func retrying<Value>(_ body: @autoclosure () throws(StorageError) -> Value) throws(StorageError) -> Value {
        for _ in 1..<Self.attemptCountMax {
            do throws(StorageError) {
                return try body()
            } catch {
                note(error)
                guard error == .retired else { throw error }
            }
        }
        return try body()
    }

    /// Runs a read of a walk, whose segments are not rewritten during it.
    func noting<Value>(_ body: @autoclosure () throws(StorageError) -> Value) throws(StorageError) -> Value {
        do throws(StorageError) {
            return try body()
        } catch {
            note(error)
            throw error
        }
    }

    /// Schedules the rebuild of an index file; until then, reads that need its damaged part fail.
    private func noteUnusableIndex(at path: String) {
        guard path.hasPrefix("\(log.directory)/") else { return }
        damagedIndexPaths.withLockedValue { _ = $0.insert(path) }
        askForMaintenance()
    }

    /// Schedules the rebuild of an unusable index file, or records other damage.
    private func note(_ error: StorageError) {
        if let path = error.unusableIndexPath { return noteUnusableIndex(at: path) }
        if case .corrupt(let corruption) = error { noteDamage(corruption) }
    }

    private func noteDamage(_ corruption: Corruption) {
        foundDamage.withLockedValue { damage in
            guard damage.places.count < Self.damageCountMax, !damage.places.contains(corruption) else { return }
            if damage.places.isEmpty { damage.since = clock() }
            damage.places.append(corruption)
        }
    }

    /// Returns the error for an id without a live document: not found, or possibly lost.
    func missing(_ id: String) -> StoreError {
        loss.map { .possiblySuperseded($0.corruption) } ?? .notFound(id)
    }

    /// Returns whether a live document has the id.
    ///
    /// - Throws: ``StoreError/possiblySuperseded(_:)`` if records are lost that may have changed it.
    func exists(_ id: String) throws(StoreError) -> Bool {
        if try StoreError.wrap(retrying(find(id))) != nil { return true }
        if let loss, !schema.isAppendOnly, try StoreError.wrap(index.isKnown(Text(id), before: loss)) {
            throw .possiblySuperseded(loss.corruption)
        }
        return false
    }

    /// Returns the place of the live document of an id, and when it was first stored.
    func find(_ id: String) throws(StorageError) -> (pointer: RecordPointer, committedAt: Timestamp)? {
        let id = Text(id)
        guard schema.isAppendOnly else { return try index.find(id) }
        for segment in try index.snapshot().reversed() {
            let row = try segment.index.lastRow(of: id) { row throws(StorageError) in
                try self.id(at: try segment.index.pointer(of: row)) == id
            }
            if let row { return try (segment.index.pointer(of: row), segment.index.committedAt(of: row)) }
        }
        return nil
    }

    /// Reads the id of a record.
    func id(at pointer: RecordPointer) throws(StorageError) -> Text? {
        try log.read(pointer).withUnsafeBytes { Record($0).map { Text($0.id) } }
    }
}

extension CollectionIndex {
    /// Returns whether the newest known record of an id is before a loss.
    func isKnown(_ id: Text, before loss: Loss) throws(StorageError) -> Bool {
        try withSegments { segments throws(StorageError) in
            for segment in segments.reversed() {
                guard let row = try segment.lastRow(of: id) else { continue }
                return try loss.isAfter(segment.index.pointer(of: row))
            }
            return false
        }
    }

    /// Returns the place of the live document of an id in a collection whose documents can be replaced.
    func find(_ id: Text) throws(StorageError) -> (pointer: RecordPointer, committedAt: Timestamp)? {
        try withSegments { segments throws(StorageError) in
            for segment in segments.reversed() {
                guard let row = try segment.lastRow(of: id) else { continue }
                guard segment.isLive(row) else { return nil }
                return try (segment.index.pointer(of: row), segment.index.committedAt(of: row))
            }
            return nil
        }
    }
}
