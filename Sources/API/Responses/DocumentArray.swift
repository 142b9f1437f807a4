internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Store

/// An array of documents with known ids, which are read as the client takes them; deleted ones are left out.
struct DocumentArray: Sendable {
    /// What an id takes in memory, roughly.
    private static let idByteCount = 64

    let ids: ArraySlice<String>
    let collection: DocumentCollection
    let channel: any Channel
    let logger: Logger

    /// Returns a short array as one buffer.
    ///
    /// - Throws: ``RequestError/tooManyLists`` if other lists use the memory for the ids; errors of reading.
    func response() async throws -> Response {
        let (documents, rest) = try await portion(of: ids, byteCountMax: DocumentList.wholeByteCountMax)
        guard !rest.isEmpty else { return Response(documents) }
        let share = BodyMemory.Share(of: .lists)
        guard share.hold(ids.count * Self.idByteCount) else { throw RequestError.tooManyLists }
        let body = ResponseBody(of: "list", logger: logger) { [self] writer in
            try await write(to: &writer)
            share.release()
        }
        return Response(status: .ok, headers: [.contentType: "application/json"], body: body)
    }

    private func write(to writer: inout any ResponseBodyWriter) async throws {
        var rest = ids
        var separator = "["
        while !rest.isEmpty {
            let (documents, following) = try await portion(of: rest, byteCountMax: DocumentList.portionByteCount)
            rest = following
            guard !documents.isEmpty else { continue }
            var bytes = ByteBuffer(string: separator)
            bytes.writeDocuments(documents)
            separator = ","
            try await writer.write(bytes, over: channel)
        }
        try await writer.write(ByteBuffer(string: separator == "[" ? "[]" : "]"))
        try await writer.finish(nil)
    }

    /// Reads the first documents and returns the ids of the others.
    private func portion(
        of ids: ArraySlice<String>,
        byteCountMax: Int
    ) async throws -> (documents: [Document], rest: ArraySlice<String>) {
        try await onThreadPool { [collection] in
            var documents: [Document] = []
            var byteCount = 0
            var rest = ids
            while byteCount < byteCountMax, let id = rest.popFirst() {
                guard let document = try collection.get(id) else { continue }
                documents.append(document)
                byteCount += document.bytes.count
            }
            return (documents, rest)
        }
    }
}
