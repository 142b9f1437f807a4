internal import Federation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Logging
internal import NIOCore
internal import Store

/// The body of a list: `{"count":N,"result":[…]}`, with the documents' bytes as stored; on request with `explain`.
///
/// A short list is one buffer. The documents of a long one are read as the client takes them, so its memory does not
/// grow with the list, nor with the number of slow clients.
struct DocumentList: Sendable {
    /// The size up to which a list is sent as one buffer, with its length.
    static let wholeByteCountMax = 64 << 10
    /// What is read at once of a longer one.
    static let portionByteCount = 32 << 10
    /// What may wait in a connection's buffer before the next portion is read; NIO's default is twice a portion.
    private static let waitingByteCountMax = 16 << 10

    let walk: DocumentWalk
    /// The warnings for `explain`; nil if the client asked for no query plan.
    let explainedWarnings: [String]?
    let channel: any Channel
    let logger: Logger

    private var opening: String { #"{"count":\#(walk.total),"result":["# }

    /// Returns the body with all of its documents.
    func body(_ documents: [Document]) -> ResponseBody {
        let closing = closing(walk)
        var bytes = ByteBuffer()
        bytes.reserveCapacity(documents.reduce(opening.utf8.count + closing.count) { $0 + $1.bytes.count + 1 })
        bytes.writeString(opening)
        bytes.writeDocuments(documents)
        bytes.writeBytes(closing)
        return ResponseBody(byteBuffer: bytes)
    }

    /// Returns the body whose documents are still to be read.
    ///
    /// - Throws: ``RequestError/tooManyLists`` if other lists use the memory for what it has to keep.
    func body() throws(RequestError) -> ResponseBody {
        let share = BodyMemory.Share(of: .lists)
        guard share.hold(walk.heldByteCount) else { throw .tooManyLists }
        return ResponseBody(of: "list", logger: logger) { [self] writer in
            try await write(to: &writer)
            share.release()
        }
    }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        if channel.isActive {
            let mark = ChannelOptions.Types.WriteBufferWaterMark(low: 1, high: Self.waitingByteCountMax)
            try await channel.setOption(.writeBufferWaterMark, value: mark).get()
        }
        try await writer.write(ByteBuffer(string: opening), over: channel)
        var walk = walk
        while !walk.isAtEnd {
            let (portion, rest) = try await onThreadPool { [walk] in
                var rest = walk
                return (ByteBuffer(bytes: try rest.bytes(byteCountMax: Self.portionByteCount)), rest)
            }
            walk = rest
            try await writer.write(portion, over: channel)
        }
        try await writer.write(ByteBuffer(bytes: closing(walk)))
        try await writer.finish(nil)
    }

    private func closing(_ walk: DocumentWalk) -> [UInt8] {
        guard let explainedWarnings else { return Array("]}".utf8) }
        return Array(#"],"explain":"#.utf8) + walk.plan.json(explainedWarnings).bytes + [UInt8(ascii: "}")]
    }
}

extension ByteBuffer {
    /// Writes the elements of an array of documents.
    mutating func writeDocuments(_ documents: [Document]) {
        for (index, document) in documents.enumerated() {
            if index > 0 { writeInteger(UInt8(ascii: ",")) }
            writeBytes(document.bytes)
        }
    }
}
