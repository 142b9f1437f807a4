internal import JSON
internal import NIOCore
internal import NIOHTTP1

/// The requests of the server's upload API, without retries.
///
/// Source: docs/API.md, "Uploads".
struct UploadEndpoint: Sendable {
    /// The state of an upload on the server.
    struct Position: Sendable, Hashable {
        var id: String
        var fileName: String
        var byteCount: Int64
        var receivedByteCount: Int64
        var nextChunkIndex: Int
        var chunkByteCount: Int
        var isComplete: Bool
    }

    let client: HTTPClient

    func begin(_ file: LocalFile, chunkByteCount: Int64) async throws(UploadFailure) -> Position {
        let body: JSONObject = [
            "file_name": .string(file.name),
            "file_size": .number(JSONNumber(file.byteCount)),
            "chunk_size": .number(JSONNumber(chunkByteCount)),
        ]
        let reply = try await post("file-upload/init", body)
        return Position(
            id: try string("upload_id", in: reply),
            fileName: file.name,
            byteCount: file.byteCount,
            receivedByteCount: 0,
            nextChunkIndex: 0,
            chunkByteCount: Int(try integer("chunk_size", in: reply)),
            isComplete: false
        )
    }

    /// Requests the state of an upload.
    func position(of id: String) async throws(UploadFailure) -> Position {
        let reply = try await send(HTTPRequest(method: .GET, path: "/api/v1/file-upload/\(id)"))
        return Position(
            id: id,
            fileName: try string("file_name", in: reply),
            byteCount: try integer("file_size", in: reply),
            receivedByteCount: try integer("bytes_received", in: reply),
            nextChunkIndex: Int(try integer("next_chunk_index", in: reply)),
            chunkByteCount: Int(try integer("chunk_size", in: reply)),
            isComplete: reply["complete"]?.bool ?? false
        )
    }

    /// Sends one chunk and returns the failure; nil if the chunk was accepted.
    func failure(sending chunk: Chunk, of id: String) async -> UploadFailure? {
        let fields = [
            ("Content-Type", "application/octet-stream"),
            ("X-Chunk-Index", "\(chunk.index)"),
            ("X-Chunk-Checksum", "xxh3:\(chunk.checksum)"),
        ]
        let path = "/api/v1/file-upload/\(id)/chunk"
        do throws(UploadFailure) {
            _ = try await send(HTTPRequest(method: .POST, path: path, fields: fields, body: chunk.bytes))
            return nil
        } catch {
            return error
        }
    }

    /// Completes an upload and returns the file token; the file is then durable.
    ///
    /// The request may be repeated.
    func complete(_ id: String) async throws(UploadFailure) -> String {
        try string("file_token", in: try await post("file-upload/\(id)/complete", [:]))
    }

    /// Creates a model from an uploaded file, whose token is then invalid, and returns the server's response.
    func publish(token: String, helper: String) async throws(UploadFailure) -> JSONObject {
        try await post("models/", ["file_token": .string(token), "helper": .string(helper)])
    }

    private func post(_ path: String, _ body: JSONObject) async throws(UploadFailure) -> JSONObject {
        let fields = [("Content-Type", "application/json")]
        let bytes = ByteBuffer(bytes: JSON.object(body).bytes)
        return try await send(HTTPRequest(method: .POST, path: "/api/v1/\(path)", fields: fields, body: bytes))
    }

    private func send(_ request: HTTPRequest) async throws(UploadFailure) -> JSONObject {
        let reply: HTTPReply
        do throws(HTTPFailure) { reply = try await client.send(request) } catch { throw .transport(error) }
        let object = (try? JSON(parsing: reply.body))?.object
        guard reply.status < 400 else {
            throw .refused(status: reply.status, message: object?["message"]?.string ?? "no reason given")
        }
        guard reply.status / 100 == 2, let object else {
            throw .unexpectedReply("\(request.method) \(request.path) returned \(reply.status) without a JSON object")
        }
        return object
    }

    private func string(_ name: String, in reply: JSONObject) throws(UploadFailure) -> String {
        guard let text = reply[name]?.string else { throw .unexpectedReply("no \(name) in its response") }
        return text
    }

    private func integer(_ name: String, in reply: JSONObject) throws(UploadFailure) -> Int64 {
        guard let number = reply[name]?.int, number >= 0 else { throw .unexpectedReply("no \(name) in its response") }
        return number
    }
}
