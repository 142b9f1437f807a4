internal import Catalog
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import NIOCore
internal import Store

/// Stores the documents of a body that has one on each line, group by group as they arrive.
///
/// A group goes to the store as one group commit, so a body that fits one costs one sync. While it is synced nothing
/// more of the body is read: memory holds one group, however long the body is, and the client is slowed down to what
/// the disk takes. A line that cannot be stored is refused alone.
struct Ingest {
    /// How much a group holds at most; a longer line is a group of its own.
    static let lineCountMax = 1_000
    static let byteCountMax = 1 << 20

    private let documents: Documents
    private var lines: LineSplitter
    private let share = BodyMemory.Share()
    private var receipt = IngestReceipt()
    private var group = Group()

    /// The lines that wait to be stored, and what is known of those that never will be.
    private struct Group {
        var firstLine = 1
        var lineCount = 0
        var byteCount = 0
        var drafts: [(line: Int, object: JSONObject)] = []
        var refusals: [IngestReceipt.Refusal] = []
        var names = Senders.Names()
    }

    private init(_ documents: Documents) {
        self.documents = documents
        lines = LineSplitter(byteCountMax: documents.lineByteCountMax)
    }

    /// Reads the body to its end, and returns when all that was accepted is on stable storage.
    ///
    /// - Throws: ``IngestFailure`` where the store or the body failed on the way.
    static func run(_ request: Request, into documents: Documents) async throws -> IngestReceipt {
        var ingest = Ingest(documents)
        do {
            try await request.forEachBuffer { try await ingest.take(Array($0.readableBytesView)[...]) }
            if let line = ingest.lines.last() { try await ingest.add(line) }
            try await ingest.store()
        } catch let error as any AnsweredError {
            throw IngestFailure(cause: error, line: ingest.group.firstLine, receipt: ingest.receipt)
        }
        return ingest.receipt
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) async throws {
        var rest = bytes
        while let line = lines.next(from: &rest) { try await add(line) }
        // While the rest is awaited a group waits with it, unless others need the memory more.
        if !holds() { try await store() }
        guard holds() else { throw RequestError.tooManyBodies }
    }

    private mutating func add(_ line: NumberedLine) async throws {
        if line.isBlank { return }
        let byteCount = line.bytes?.count ?? 0
        let isFull = group.lineCount == Self.lineCountMax || group.byteCount + byteCount > Self.byteCountMax
        if isFull, group.lineCount > 0 { try await store() }
        if group.lineCount == 0 { group.firstLine = line.number }
        group.lineCount += 1
        group.byteCount += byteCount
        guard let bytes = line.bytes else {
            return refuse(line, "The line is longer than \(documents.lineByteCountMax) bytes")
        }
        do {
            group.drafts.append((line.number, try documents.draft(of: bytes, remembering: &group.names)))
        } catch ValidationError.notAnObject {
            refuse(line, "Invalid object: the line must be a JSON object")
        } catch let error as any AnsweredError where error.status.kind == .clientError {
            refuse(line, error.answer)
        }
    }

    /// Whether there is memory for what has arrived; a document takes several times what its text does.
    private func holds() -> Bool {
        share.hold(lines.heldByteCount + 4 * group.byteCount)
    }

    private mutating func refuse(_ line: NumberedLine, _ reason: String) {
        group.refusals.append(IngestReceipt.Refusal(line: line.number, reason: reason))
    }

    /// Stores the group and begins the next.
    private mutating func store() async throws {
        if !group.drafts.isEmpty {
            let outcomes = try await documents.collection.insert(contentsOf: group.drafts.map(\.object))
            for (draft, error) in zip(group.drafts, outcomes) {
                guard let error else {
                    receipt.acceptedCount += 1
                    continue
                }
                group.refusals.append(IngestReceipt.Refusal(line: draft.line, reason: error.answer))
            }
        }
        receipt.refuse(group.refusals.sorted { $0.line < $1.line })
        group = Group()
    }
}
