internal import Concurrency
internal import Disk
package import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

extension DocumentCollection {
    /// Stores a new document and returns it as stored.
    ///
    /// A key that is absent or null becomes a UUID that begins with the time, in front of the other members. `committed_at` and
    /// `updated_at` become the moment of the append, whatever the object says, and stand last.
    ///
    /// - Throws: ``StoreError/alreadyExists(_:)``; ``StoreError/invalidKey(member:)``; ``StoreError/storage(_:)``. After
    ///   ``StorageError/latched(_:)`` whether it is stored is known only after the next open.
    package func insert(_ object: JSONObject) async throws(StoreError) -> Document {
        guard let id = try id(of: object) else {
            // A new id is nobody else's: it needs neither a turn nor a look.
            let id = UniqueID.timeOrdered(at: clock())
            return try await append(Draft(keyed(object, id), id: id, committedAt: nil))
        }
        await locks.lock(id)
        defer { locks.unlock(id) }
        guard try !exists(id) else { throw .alreadyExists(id) }
        return try await append(Draft(object, id: id, committedAt: nil))
    }

    /// Stores a document, in the place of the one with its id if there is one, whose `committed_at` it keeps.
    ///
    /// - Precondition: The collection is not append-only.
    /// - Throws: ``StoreError/invalidKey(member:)``; the log's errors, as for ``insert(_:)``.
    package func put(_ object: JSONObject) async throws(StoreError) -> Document {
        precondition(!schema.isAppendOnly, "events are never replaced")
        guard let id = try id(of: object) else { return try await insert(object) }
        await locks.lock(id)
        defer { locks.unlock(id) }
        // One that records which are lost may have changed counts as new.
        let committedAt = try StoreError.wrap(retrying(find(id)))?.committedAt
        return try await append(Draft(object, id: id, committedAt: committedAt))
    }

    /// Replaces a document by what `change` makes of it; nobody else writes this id in between.
    ///
    /// - Precondition: The collection is not append-only.
    /// - Throws: ``StoreError/notFound(_:)``; what `change` throws; ``StoreError/invalidKey(member:)`` where it
    ///   changed the key; the log's errors, as for ``insert(_:)``, and where the old one cannot be read.
    package func update(
        _ id: String,
        _ change: @Sendable (JSONObject) throws(StoreError) -> JSONObject
    ) async throws(StoreError) -> Document {
        precondition(!schema.isAppendOnly, "events are never replaced")
        await locks.lock(id)
        defer { locks.unlock(id) }
        guard let old = try StoreError.wrap(retrying(stored(id))) else { throw missing(id) }
        let object = try change(try StoreError.wrap(object(of: old.document)))
        guard try self.id(of: object) == id else { throw .invalidKey(member: schema.key) }
        return try await append(Draft(object, id: id, committedAt: old.committedAt))
    }

    /// Deletes a document by appending its tombstone; where the disk is full the reserve has room for it.
    ///
    /// - Precondition: The collection is not append-only.
    /// - Throws: ``StoreError/notFound(_:)``; the log's errors, as for ``insert(_:)``.
    package func delete(_ id: String) async throws(StoreError) {
        precondition(!schema.isAppendOnly, "events are never deleted")
        await locks.lock(id)
        defer { locks.unlock(id) }
        guard try exists(id) else { throw missing(id) }
        do {
            _ = try await log.append(frees: true) { _, _, output in Record.writeDelete(id, to: &output) }
        } catch {
            throw .storage(error)
        }
    }

    func append(_ draft: Draft) async throws(StoreError) -> Document {
        let moment = NIOLockedValueBox(Timestamp.earliest)
        do {
            _ = try await log.append { _, at, output in
                moment.withLockedValue { $0 = at }
                draft.write(at: at, to: &output)
            }
        } catch {
            throw .storage(error)
        }
        return draft.document(at: moment.withLockedValue { $0 })
    }

    /// Returns the id an object names, or nil where it leaves it to us.
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
