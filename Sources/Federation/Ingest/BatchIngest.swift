internal import Catalog
package import JSON
package import Store

/// Stores many documents of one collection, group by group.
///
/// A group is stored with one group commit, so it costs one sync; memory is bounded by one group for any number of
/// documents. An invalid document is refused individually.
package struct BatchIngest {
    /// The maximum number of documents in a group.
    package static let documentCountMax = 1_000
    /// The maximum number of bytes in a group; a longer document is a group of its own.
    package static let byteCountMax = 1 << 20

    /// Converts a sent object to the document to store; the names are a cache for the group.
    package typealias Preparation = (JSONObject, inout Senders.Names) throws -> JSONObject

    /// Stores the documents of a group, and returns for each nil, or why it was refused.
    package typealias Storage = @Sendable ([JSONObject]) async throws(StoreError) -> [StoreError?]

    private let store: Storage?
    private let documentByteCountMax: Int
    private let prepare: Preparation
    private var group = Group()
    /// The number of the first document of the group, or the lowest the next one can have.
    package private(set) var firstNumber = 1

    /// The documents that wait to be stored, and those that were refused.
    private struct Group {
        var count = 0
        var byteCount = 0
        var lastNumber = 0
        var drafts: [(number: Int, object: JSONObject)] = []
        var refusals: [IngestOutcome.Refusal] = []
        var names = Senders.Names()
    }

    /// - Parameters:
    ///   - collection: nil to check documents without storing them.
    ///   - documentByteCountMax: the maximum length of a document, which is also the limit of the splitter.
    ///   - keepsTimes: whether the sent `committed_at` is kept.
    ///   - prepare: throws `JSONError`, `ValidationError` or ``FederationError`` to refuse a document; any other error
    ///     ends the ingest.
    package init(
        into collection: DocumentCollection?,
        documentByteCountMax: Int,
        keepsTimes: Bool = false,
        prepare: @escaping Preparation
    ) {
        var store: Storage?
        if let collection {
            store = { objects throws(StoreError) in
                try await collection.insert(contentsOf: objects, keepingTimes: keepsTimes)
            }
        }
        self.init(documentByteCountMax: documentByteCountMax, storing: store, prepare: prepare)
    }

    /// - Parameters: as above; `store` may store the first documents of a group without the others, so the caller
    ///   decides how large a group is.
    package init(documentByteCountMax: Int, storing store: Storage?, prepare: @escaping Preparation) {
        self.store = store
        self.documentByteCountMax = documentByteCountMax
        self.prepare = prepare
    }

    /// The length of the documents that wait to be stored, as text, in bytes.
    package var byteCount: Int { group.byteCount }

    /// Whether the group has no space for a document; ``flush()`` it first.
    package func isFull(for entry: IngestEntry) -> Bool {
        let byteCount = entry.bytes?.count ?? 0
        return group.count > 0
            && (group.count == Self.documentCountMax || group.byteCount + byteCount > Self.byteCountMax)
    }

    /// Adds a document to the group.
    ///
    /// - Throws: errors of `prepare` that do not refuse a document, such as `StoreError` if a sender cannot be read.
    package mutating func add(_ entry: IngestEntry) throws {
        precondition(!isFull(for: entry), "a full group is stored first")
        if group.count == 0 { firstNumber = entry.number }
        group.count += 1
        group.byteCount += entry.bytes?.count ?? 0
        group.lastNumber = entry.number
        guard let bytes = entry.bytes else {
            return refuse(entry, .tooLong(byteCountMax: documentByteCountMax))
        }
        do {
            guard case .object(let object) = try JSON(parsing: bytes) else { return refuse(entry, .notAnObject) }
            group.drafts.append((entry.number, try prepare(object, &group.names)))
        } catch let error as JSONError {
            refuse(entry, .invalid(error.message))
        } catch let error as ValidationError {
            refuse(entry, .invalid(error.message))
        } catch let error as FederationError {
            refuse(entry, .invalid(error.message))
        }
    }

    private mutating func refuse(_ entry: IngestEntry, _ reason: IngestOutcome.Reason) {
        group.refusals.append(IngestOutcome.Refusal(number: entry.number, reason: reason))
    }

    /// Stores the group, and begins the next.
    ///
    /// - Returns: the results of its documents; nil if it was empty.
    /// - Throws: if the group cannot be stored; then none of it is, and ``firstNumber`` is its first document.
    package mutating func flush() async throws(StoreError) -> IngestOutcome? {
        guard group.count > 0 else { return nil }
        var outcome = IngestOutcome(byteCount: group.byteCount, refusals: group.refusals)
        if !group.drafts.isEmpty {
            let errors = try await store?(group.drafts.map(\.object))
            for (position, draft) in group.drafts.enumerated() {
                guard let error = errors?[position] else {
                    outcome.acceptedCount += 1
                    continue
                }
                outcome.refusals.append(IngestOutcome.Refusal(number: draft.number, reason: .notStored(error)))
            }
        }
        outcome.refusals.sort { $0.number < $1.number }
        firstNumber = group.lastNumber + 1
        group = Group()
        return outcome
    }
}

/// The results of one group of documents.
package struct IngestOutcome: Sendable {
    /// Why a document was refused.
    package enum Reason: Sendable, Equatable {
        case tooLong(byteCountMax: Int)
        case notAnObject
        /// It is not JSON, or not a document of the resource; the message says why.
        case invalid(String)
        case notStored(StoreError)
    }

    /// One document that was not stored.
    package struct Refusal: Sendable, Equatable {
        package let number: Int
        package let reason: Reason
    }

    /// How many documents are on stable storage, or would be if the group is only checked.
    package fileprivate(set) var acceptedCount = 0
    /// Bytes of all documents, as text.
    package let byteCount: Int
    /// In the order of their numbers.
    package fileprivate(set) var refusals: [Refusal]

    fileprivate init(byteCount: Int, refusals: [Refusal]) {
        self.byteCount = byteCount
        self.refusals = refusals
    }
}
