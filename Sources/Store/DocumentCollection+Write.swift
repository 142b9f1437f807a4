internal import Concurrency
internal import Disk
package import JSON
internal import SegmentLog

extension DocumentCollection {
    /// Stores a new document and returns it as stored.
    ///
    /// A missing or null key is set to a UUID that begins with the time, before the other members. `committed_at` and
    /// `updated_at` are set to the time of the append, ignoring the object's values, as the last members.
    ///
    /// - Throws: ``StoreError/alreadyExists(_:)``; ``StoreError/invalidKey(member:)``; ``StoreError/storage(_:)``.
    ///   After ``StorageError/latched(_:)``, it is unknown until the next open whether it is stored.
    package func insert(_ object: JSONObject) async throws(StoreError) -> Document {
        guard let id = try id(of: object) else {
            // A new id is unique: it needs neither a lock nor a lookup.
            let id = UniqueID.timeOrdered(at: clock())
            return try await store(Draft(keyed(object, id), id: id, committedAt: nil))
        }
        await locks.lock(id)
        defer { locks.unlock(id) }
        guard try await !lookups.run({ () throws(StoreError) in try self.exists(id) }) else { throw .alreadyExists(id) }
        return try await store(Draft(object, id: id, committedAt: nil))
    }

    /// Stores a document and replaces the one with its id, if there is one, keeping its `committed_at`.
    ///
    /// With `frees` it is the first step of a deletion, and on a full disk it uses the reserve.
    ///
    /// - Precondition: The collection is not append-only.
    /// - Throws: ``StoreError/invalidKey(member:)``; the log's errors, as for ``insert(_:)``.
    package func put(_ object: JSONObject, frees: Bool = false) async throws(StoreError) -> Document {
        precondition(!schema.isAppendOnly, "events are never replaced")
        guard let id = try id(of: object) else { return try await insert(object) }
        await locks.lock(id)
        defer { locks.unlock(id) }
        // A document that lost records may have changed counts as new.
        let committedAt = try await lookups.run { () throws(StoreError) in
            try StoreError.wrap(self.retrying(self.find(id)))?.committedAt
        }
        return try await store(Draft(object, id: id, committedAt: committedAt), frees: frees)
    }

    /// Replaces a document by the result of `change`, atomically: the id is locked.
    ///
    /// - Precondition: The collection is not append-only.
    /// - Throws: ``StoreError/notFound(_:)``; errors of `change`; ``StoreError/invalidKey(member:)`` if it changed the
    ///   key; the log's errors, as for ``insert(_:)``, and errors of reading the old one.
    package func update(
        _ id: String,
        _ change: @Sendable (JSONObject) throws(StoreError) -> JSONObject
    ) async throws(StoreError) -> Document {
        precondition(!schema.isAppendOnly, "events are never replaced")
        await locks.lock(id)
        defer { locks.unlock(id) }
        let found = try await lookups.run { () throws(StoreError) in
            try StoreError.wrap(self.retrying(self.stored(id)))
        }
        guard let old = found else { throw missing(id) }
        let object = try change(try StoreError.wrap(object(of: old.document)))
        guard try self.id(of: object) == id else { throw .invalidKey(member: schema.key) }
        return try await store(Draft(object, id: id, committedAt: old.committedAt))
    }

    /// Deletes a document by appending its tombstone; on a full disk it uses the reserve.
    ///
    /// - Precondition: The collection is not append-only.
    /// - Throws: ``StoreError/notFound(_:)``; the log's errors, as for ``insert(_:)``.
    package func delete(_ id: String) async throws(StoreError) {
        precondition(!schema.isAppendOnly, "events are never deleted")
        await locks.lock(id)
        defer { locks.unlock(id) }
        guard try await lookups.run({ () throws(StoreError) in try self.exists(id) }) else { throw missing(id) }
        do {
            try await log.append(frees: true) { _, _, output in Record.writeDelete(id, to: &output) }
        } catch {
            throw .storage(error)
        }
    }

    private func store(_ draft: Draft, frees: Bool = false) async throws(StoreError) -> Document {
        do {
            let at = try await log.append(frees: frees) { _, at, output in draft.write(at: at, to: &output) }
            return draft.document(at: at)
        } catch {
            throw .storage(error)
        }
    }

    /// Returns the id of an object, or nil if it has none.
    func id(of object: JSONObject) throws(StoreError) -> String? {
        switch object[schema.key] {
        case nil, .null: return nil
        case .string(let id) where !id.isEmpty && id.utf8.count <= Self.idByteCountMax: return id
        case .bool, .number, .string, .array, .object: throw .invalidKey(member: schema.key)
        }
    }

    func keyed(_ object: JSONObject, _ id: String) -> JSONObject {
        var keyed: JSONObject = [:]
        keyed[schema.key] = .string(id)
        for (name, value) in object where name != schema.key { keyed[name] = value }
        return keyed
    }
}
