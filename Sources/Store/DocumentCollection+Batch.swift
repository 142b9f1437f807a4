internal import Concurrency
internal import Disk
internal import Index
package import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

extension DocumentCollection {
    /// Stores many new documents in one group commit: one write and one sync; if it throws, none is stored.
    ///
    /// Only a crash of the process may store the first ones without the others, unacknowledged. Returns for each object
    /// nil, or why it was refused: ``StoreError/alreadyExists(_:)``, whatever its times; ``StoreError/invalidKey(member:)``,
    /// ``StorageError/recordTooLarge(byteCount:byteCountMax:)``, ``StoreError/invalidTime(_:)``. With `keepingTimes`, a
    /// document keeps its own `committed_at` and `updated_at`. Events must be in the order of their log, so none may have
    /// an earlier `committed_at` than the event before it; events of one instant keep their order.
    ///
    /// A batch is in memory about three times, so it should have at most a few thousand documents or a few megabytes.
    /// - Throws: the log's errors, as for ``insert(_:)``.
    package func insert(
        contentsOf objects: [JSONObject],
        keepingTimes: Bool = false
    ) async throws(StoreError) -> [StoreError?] {
        var batch = BatchDraft(of: self, count: objects.count)
        if keepingTimes { try batch.keepTimes(after: StoreError.wrap(newestCommitted()), until: clock()) }
        for (position, object) in objects.enumerated() { batch.add(object, at: position) }
        let ids = batch.namedIDs
        for id in ids { await locks.lock(id) }
        defer { for id in ids { locks.unlock(id) } }
        for id in try await existing(ids) { batch.refuse(id) }
        let drafts = batch.drafts
        guard !drafts.isEmpty else { return batch.refusals }
        do {
            try await log.append(count: drafts.count) { position, at, output in
                drafts[position].write(at: at, to: &output)
            }
        } catch {
            throw .storage(error)
        }
        return batch.refusals
    }

    /// Returns those of the ids that live documents have.
    private func existing(_ ids: [String]) async throws(StoreError) -> [String] {
        guard !ids.isEmpty else { return [] }
        return try await lookups.run { () throws(StoreError) in
            var existing: [String] = []
            for id in ids where try self.exists(id) { existing.append(id) }
            return existing
        }
    }

    /// When the newest document was committed.
    private func newestCommitted() throws(StorageError) -> Timestamp {
        guard schema.isAppendOnly else { return .earliest }
        for segment in try index.snapshot().reversed() {
            if let range = try segment.index.committedRange(below: segment.rowCount) { return range.upperBound }
        }
        return .earliest
    }
}

/// The documents of one batch that will be appended, and those that are refused.
private struct BatchDraft {
    private let collection: DocumentCollection
    private(set) var refusals: [StoreError?]
    private var all: [Draft?]
    /// The drafts whose documents have an id of their own, by id.
    private var named: [Text: Int] = [:]
    /// The documents that are refused because of their times, by id; one that exists is refused for that instead.
    private var mistimed: [Text: Int] = [:]
    /// The range of times that a document may have: not before the first, not after the second.
    private var times: (newest: Timestamp, now: Timestamp)?

    init(of collection: DocumentCollection, count: Int) {
        self.collection = collection
        refusals = Array(repeating: nil, count: count)
        all = Array(repeating: nil, count: count)
    }

    var drafts: [Draft] { all.compactMap(\.self) }

    /// Sorted, so that concurrent batches lock ids in the same order.
    var namedIDs: [String] { Set(named.keys).union(mistimed.keys).sorted().map(\.string) }

    mutating func keepTimes(after newest: Timestamp, until now: Timestamp) {
        times = (newest, now)
    }

    mutating func add(_ object: JSONObject, at position: Int) {
        do throws(StoreError) {
            let id = try collection.id(of: object)
            let (committedAt, updatedAt): (Timestamp?, Timestamp?)
            do throws(StoreError) {
                (committedAt, updatedAt) = (try self.committedAt(of: object), try time(Stamp.updatedAt, of: object))
            } catch {
                if let id { mistimed[Text(id)] = position }
                throw error
            }
            guard let id else {
                let id = UniqueID.timeOrdered(at: collection.clock())
                let object = collection.keyed(object, id)
                let draft = Draft(object, id: id, committedAt: committedAt, updatedAt: updatedAt)
                try Self.measure(draft)
                all[position] = draft
                return
            }
            guard named[Text(id)] == nil else { throw .alreadyExists(id) }
            let draft = Draft(object, id: id, committedAt: committedAt, updatedAt: updatedAt)
            try Self.measure(draft)
            named[Text(id)] = position
            all[position] = draft
        } catch {
            refusals[position] = error
        }
    }

    /// An upper bound of the bytes that the log writes around the members of a record.
    private static let envelopeByteCountMax = 256

    /// Refuses a record that is too long, which would otherwise refuse the whole batch.
    private static func measure(_ draft: Draft) throws(StoreError) {
        let byteCountMax = RecordLine.byteCountMax - Self.envelopeByteCountMax
        guard draft.byteCount <= byteCountMax else {
            throw .storage(.recordTooLarge(byteCount: draft.byteCount, byteCountMax: byteCountMax))
        }
    }

    mutating func refuse(_ id: String) {
        for position in [named[Text(id)], mistimed[Text(id)]].compactMap(\.self) {
            all[position] = nil
            refusals[position] = .alreadyExists(id)
        }
    }

    /// Returns the time stamp that a document keeps; nil if it keeps none.
    private func time(_ name: String, of object: JSONObject) throws(StoreError) -> Timestamp? {
        guard let times, let value = object[name], value != .null else { return nil }
        guard let text = value.string, let time = Timestamp(parsing: text), time <= times.now else {
            throw .invalidTime("\(name) must be a time in the past")
        }
        return time
    }

    private mutating func committedAt(of object: JSONObject) throws(StoreError) -> Timestamp? {
        guard let times else { return nil }
        guard let time = try time(Stamp.committedAt, of: object) else {
            // It is committed now, so no following one may be earlier.
            self.times?.newest = times.now
            return nil
        }
        guard collection.schema.isAppendOnly else { return time }
        guard time >= times.newest else {
            throw .invalidTime("committed_at must not be earlier than that of the newest document, \(times.newest)")
        }
        self.times?.newest = time
        return time
    }
}
