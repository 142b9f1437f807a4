internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// Reads a body that has one document on each line, and stores the documents as they arrive.
///
/// While a group of them is synced, the body is not read further: this slows the client down to the speed of the disk.
struct LineIngest {
    private var lines: LineSplitter
    private var batch: BatchIngest
    private let share = BodyMemory.Share()
    private var receipt = IngestReceipt()

    private init(_ documents: ResourceCollection, lineByteCountMax: Int) {
        lines = LineSplitter(byteCountMax: lineByteCountMax)
        batch = BatchIngest(into: documents.collection, documentByteCountMax: lineByteCountMax) {
            try documents.draft(of: $0, remembering: &$1)
        }
    }

    /// Reads the body to its end, and returns when all accepted documents are on stable storage.
    ///
    /// - Throws: ``IngestFailure`` if the store or the body failed before the end.
    static func run(
        _ request: Request,
        into documents: ResourceCollection,
        lineByteCountMax: Int
    ) async throws -> IngestReceipt {
        var ingest = LineIngest(documents, lineByteCountMax: lineByteCountMax)
        do {
            try await request.forEachBuffer { try await ingest.take(Array($0.readableBytesView)[...]) }
            if let line = ingest.lines.last() { try await ingest.add(line) }
            try await ingest.flush()
        } catch let error as any AnsweredError {
            throw IngestFailure(cause: error, line: ingest.batch.firstNumber, receipt: ingest.receipt)
        }
        return ingest.receipt
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) async throws {
        var rest = bytes
        while let line = lines.next(from: &rest) { try await add(line) }
        // An incomplete group waits for more lines, unless the memory limit is reached.
        if !holds() { try await flush() }
        guard holds() else { throw RequestError.tooManyBodies }
    }

    private mutating func add(_ line: IngestEntry) async throws {
        if line.isBlank { return }
        if batch.isFull(for: line) { try await flush() }
        try batch.add(line)
    }

    private mutating func flush() async throws {
        guard let outcome = try await batch.flush() else { return }
        receipt.add(outcome)
    }

    /// Whether the memory limit allows what has arrived; a document takes several times the memory of its text.
    private func holds() -> Bool {
        share.hold(lines.heldByteCount + 4 * batch.byteCount)
    }
}
