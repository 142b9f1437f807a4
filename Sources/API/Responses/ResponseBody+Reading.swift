internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

extension ResponseBody {
    /// A body that is read from the store while it is sent.
    ///
    /// An error on the way is logged and closes the connection before the end of the body, so that no client takes the
    /// part for the whole.
    init(
        of name: String,
        contentLength: Int? = nil,
        logger: Logger,
        write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) {
        self.init(contentLength: contentLength) { writer in
            do {
                try await write(&writer)
            } catch let error as any AnsweredError {
                logger.error("\(name) aborted", metadata: ["error": "\(logText(of: error))"])
                throw error
            }
        }
    }
}

extension ResponseBodyWriter {
    /// Writes a buffer, and returns when the connection's event loop has processed it.
    ///
    /// The writer waits while the connection's buffer is full, but it learns this only after the event loop has run: on
    /// a busy loop, the whole body would be buffered before.
    mutating func write(_ buffer: ByteBuffer, over channel: any Channel) async throws {
        try await write(buffer)
        if channel.isActive { try await channel.eventLoop.submit {}.get() }
    }
}
