internal import Disk
internal import Index
internal import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

extension DocumentCollection {
    /// How often a read begins again because maintenance took a segment away under it.
    private static let attemptCountMax = 8
    /// How many places of damage are remembered.
    private static let damageCountMax = 100

    /// Runs a read again, on what the collection then holds, where a segment was rewritten or dropped during it.
    ///
    /// Only the operations of the collection call it, never each other through it: attempts do not multiply.
    func retrying<Value>(_ body: @autoclosure () throws(StorageError) -> Value) throws(StorageError) -> Value {
        for _ in 1..<Self.attemptCountMax {
            do throws(StorageError) {
                return try body()
            } catch {
                if case .corrupt(let corruption) = error { noteDamage(corruption) }
                guard error == .retired else { throw error }
            }
        }
        return try body()
    }

    /// Has an index file that was found damaged made again soon; until then what needs the damaged part of it fails.
    private func noteDamagedIndex(at path: String) {
        guard path.hasPrefix("\(log.directory)/") else { return }
        damagedIndexPaths.withLockedValue { _ = $0.insert(path) }
        askForMaintenance()
    }

    private func noteDamage(_ corruption: Corruption) {
        if case .index = corruption.reason { return noteDamagedIndex(at: corruption.path) }
        foundDamage.withLockedValue { damage in
            guard damage.places.count < Self.damageCountMax, !damage.places.contains(corruption) else { return }
            if damage.places.isEmpty { damage.since = clock() }
            damage.places.append(corruption)
        }
    }

    /// What to answer where no live document of an id is known: that there is none, or that it may be among those lost.
    func missing(_ id: String) -> StoreError {
        loss.map { .possiblySuperseded($0.corruption) } ?? .notFound(id)
    }

    /// Whether a live document has the id.
    ///
    /// - Throws: ``StoreError/possiblySuperseded(_:)`` where records are lost that may have changed it.
    func exists(_ id: String) throws(StoreError) -> Bool {
        if try StoreError.wrap(retrying(find(id))) != nil { return true }
        if let loss, !schema.isAppendOnly, try StoreError.wrap(index.isKnown(Text(id), before: loss)) {
            throw .possiblySuperseded(loss.corruption)
        }
        return false
    }

    /// Returns where the live document of an id stands, and when it was first stored.
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
    /// Whether the newest record known of an id stands before a loss.
    func isKnown(_ id: Text, before loss: Loss) throws(StorageError) -> Bool {
        try withSegments { segments throws(StorageError) in
            for segment in segments.reversed() {
                guard let row = try segment.lastRow(of: id) else { continue }
                return try loss.isBehind(segment.index.pointer(of: row))
            }
            return false
        }
    }

    /// Returns where the live document of an id stands in a collection whose documents change.
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
