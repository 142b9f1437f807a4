internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// Reads a body that has one document on each line, or an array of them, and stores the documents as they arrive.
///
/// While a group of them is synced, the body is not read further: this slows the client down to the speed of the disk.
/// A group is stored when it is full, and also after a second, because the next line may come much later. One loop
/// processes the bytes and the seconds in turn.
struct LineIngest {
    private enum Event: Sendable {
        /// Bytes of the body; the next ones are read when the continuation is resumed.
        case bytes(ByteBuffer, CheckedContinuation<Void, any Error>)
        case second
        /// No more bytes follow: the body ended, or this error occurred.
        case end((any Error)?)
    }

    private var lines: DocumentSplitter
    private var batch: BatchIngest
    private let share = BodyMemory.Share()
    private var receipt = IngestReceipt()
    /// Why nothing more is stored.
    private var failure: (any Error)?

    private init(_ documents: ResourceCollection, checking ids: PathIDs, lineByteCountMax: Int) {
        lines = DocumentSplitter(byteCountMax: lineByteCountMax)
        batch = BatchIngest(into: documents.collection, documentByteCountMax: lineByteCountMax) {
            try ids.check($0, of: documents.resource)
            return try documents.draft(of: $0, remembering: &$1)
        }
    }

    /// Reads the body to its end, and returns when all accepted documents are on stable storage.
    ///
    /// `second` returns after a second, or throws when it is cancelled.
    ///
    /// - Throws: ``IngestFailure`` if the store or the body failed before the end; the complete lines before a failure of
    ///   the body are stored.
    static func run(
        _ request: Request,
        into documents: ResourceCollection,
        checking ids: PathIDs,
        lineByteCountMax: Int,
        second: @escaping @Sendable () async throws -> Void
    ) async throws -> IngestReceipt {
        var ingest = LineIngest(documents, checking: ids, lineByteCountMax: lineByteCountMax)
        let (events, sender) = AsyncStream.makeStream(of: Event.self)
        async let _: Void = read(request, to: sender)
        async let _: Void = count(second, to: sender)
        // Both end before this returns: the first has sent its last event, the second is cancelled.
        for await event in events {
            switch event {
            case .bytes(let buffer, let reader):
                await ingest.attempt { try await $0.take(Array(buffer.readableBytesView)[...]) }
                if let failure = ingest.failure { reader.resume(throwing: failure) } else { reader.resume() }
            case .second:
                await ingest.attempt { try await $0.flush() }
            case .end(let error):
                return try await ingest.finish(error)
            }
        }
        throw CancellationError()
    }

    private static func count(
        _ second: @Sendable () async throws -> Void,
        to sender: AsyncStream<Event>.Continuation
    ) async throws {
        while true {
            try await second()
            sender.yield(.second)
        }
    }

    private static func read(_ request: Request, to sender: AsyncStream<Event>.Continuation) async {
        do {
            try await request.forEachBuffer { buffer in
                try await withCheckedThrowingContinuation { continuation in
                    guard case .terminated = sender.yield(.bytes(buffer, continuation)) else { return }
                    continuation.resume(throwing: CancellationError())
                }
            }
            sender.yield(.end(nil))
        } catch {
            sender.yield(.end(error))
        }
    }

    /// Takes a step, unless an earlier one has failed.
    private mutating func attempt(_ step: (inout LineIngest) async throws -> Void) async {
        guard failure == nil else { return }
        do { try await step(&self) } catch { failure = error }
    }

    private mutating func finish(_ error: (any Error)?) async throws -> IngestReceipt {
        await attempt { ingest in
            // The last line of a body that did not end is perhaps incomplete.
            if error == nil, let line = try ingest.lines.last() { try await ingest.add(line) }
            try await ingest.flush()
        }
        guard let error = failure ?? error else { return receipt }
        guard let error = error as? any AnsweredError else { throw error }
        throw IngestFailure(cause: error, line: batch.firstNumber, receipt: receipt)
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) async throws {
        var rest = bytes
        while let line = try lines.next(from: &rest) { try await add(line) }
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
