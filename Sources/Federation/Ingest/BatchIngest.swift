internal import Catalog
package import JSON
package import Store

/// Stores many documents of one collection, group by group.
///
/// A group goes to the store as one group commit, so what fits one costs one sync; memory holds one group, however many
/// documents there are. A document that cannot be stored is refused alone.
package struct BatchIngest {
    /// Most documents in a group.
    package static let documentCountMax = 1_000
    /// Most bytes in a group; a longer document is a group of its own.
    package static let byteCountMax = 1 << 20

    /// Makes the document that is to be stored of what was sent; the names are those the group has needed so far.
    package typealias Preparation = (JSONObject, inout Senders.Names) throws -> JSONObject

    private let collection: DocumentCollection?
    private let documentByteCountMax: Int
    private let keepsTimes: Bool
    private let prepare: Preparation
    private var group = Group()
    /// The number of the first document of the group, or the lowest the next one can have.
    package private(set) var firstNumber = 1

    /// The documents that wait to be stored, and those that are refused already.
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
    ///   - documentByteCountMax: how long a document may be; the splitter that cuts them has the same limit.
    ///   - keepsTimes: whether `committed_at` stays as it was sent.
    ///   - prepare: throws `JSONError`, `ValidationError` or ``FederationError`` to refuse a document; any other error
    ///     ends the ingest.
    package init(
        into collection: DocumentCollection?,
        documentByteCountMax: Int,
        keepsTimes: Bool = false,
        prepare: @escaping Preparation
    ) {
        self.collection = collection
        self.documentByteCountMax = documentByteCountMax
        self.keepsTimes = keepsTimes
        self.prepare = prepare
    }

    /// Bytes of the documents that wait to be stored, as text.
    package var byteCount: Int { group.byteCount }

    /// Whether the group has no space for a document; ``flush()`` it first.
    package func isFull(for entry: IngestEntry) -> Bool {
        let byteCount = entry.bytes?.count ?? 0
        return group.count > 0
            && (group.count == Self.documentCountMax || group.byteCount + byteCount > Self.byteCountMax)
    }

    /// Adds a document to the group.
    ///
    /// - Throws: what `prepare` throws and is no refusal, such as `StoreError` where a sender cannot be read.
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
    /// - Returns: what became of its documents; nil where there were none.
    /// - Throws: where it cannot be stored; none of it is, and ``firstNumber`` is its first document.
    package mutating func flush() async throws(StoreError) -> IngestOutcome? {
        guard group.count > 0 else { return nil }
        var outcome = IngestOutcome(byteCount: group.byteCount, refusals: group.refusals)
        if !group.drafts.isEmpty {
            let errors = try await collection?.insert(contentsOf: group.drafts.map(\.object), keepingTimes: keepsTimes)
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

/// What became of one group of documents.
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

    /// Documents that are on stable storage, or would be.
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
