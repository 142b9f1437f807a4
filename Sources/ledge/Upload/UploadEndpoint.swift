internal import Glibc
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

    /// The largest number that is accepted from a server; sums of such numbers do not overflow.
    private static let numberMax: Int64 = 1 << 53
    private static let idByteCountMax = 128

    let client: HTTPClient
    var token = AccessToken.none

    /// Whether a text can be the id of an upload, which is a part of the request's path.
    static func isID(_ text: String) -> Bool {
        (1...idByteCountMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || isalnum(Int32($0)) != 0 }
    }

    func begin(_ file: LocalFile, chunkByteCount: Int64) async throws(UploadFailure) -> Position {
        let body: JSONObject = [
            "file_name": .string(file.name),
            "file_size": .number(JSONNumber(file.byteCount)),
            "chunk_size": .number(JSONNumber(chunkByteCount)),
        ]
        let reply = try await post("file-upload/init", body)
        let id = try string("upload_id", in: reply)
        guard Self.isID(id) else { throw .unexpectedReply("an invalid upload_id in its response") }
        return Position(
            id: id,
            fileName: file.name,
            byteCount: file.byteCount,
            receivedByteCount: 0,
            nextChunkIndex: 0,
            chunkByteCount: Int(try integer("chunk_size", in: reply, min: 1)),
            isComplete: false
        )
    }

    /// Requests the state of an upload.
    func position(of id: String) async throws(UploadFailure) -> Position {
        let reply = try await send(HTTPRequest(method: .GET, path: "/api/v1/file-upload/\(id)"))
        let byteCount = try integer("file_size", in: reply)
        return Position(
            id: id,
            fileName: try string("file_name", in: reply),
            byteCount: byteCount,
            receivedByteCount: try integer("bytes_received", in: reply, max: byteCount),
            nextChunkIndex: Int(try integer("next_chunk_index", in: reply)),
            chunkByteCount: Int(try integer("chunk_size", in: reply, min: 1)),
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
    func publish(token: String, helper: String?) async throws(UploadFailure) -> JSONObject {
        var body: JSONObject = ["file_token": .string(token)]
        if let helper { body["helper"] = .string(helper) }
        return try await post("models/", body)
    }

    private func post(_ path: String, _ body: JSONObject) async throws(UploadFailure) -> JSONObject {
        let fields = [("Content-Type", "application/json")]
        let bytes = ByteBuffer(bytes: JSON.object(body).bytes)
        return try await send(HTTPRequest(method: .POST, path: "/api/v1/\(path)", fields: fields, body: bytes))
    }

    /// Sends a request with the token; if the token has expired, renews it and sends the request again.
    private func send(_ request: HTTPRequest) async throws(UploadFailure) -> JSONObject {
        let current = try await token.current(client)
        do throws(UploadFailure) {
            return try await Self.object(of: request.authorized(by: current), client)
        } catch {
            guard case .refused(401, _, _) = error, let newer = try await token.replacement(for: current, client) else {
                throw error
            }
            return try await Self.object(of: request.authorized(by: newer), client)
        }
    }

    /// Sends a request and returns the object in the response.
    static func object(of request: HTTPRequest, _ client: HTTPClient) async throws(UploadFailure) -> JSONObject {
        let reply: HTTPReply
        do throws(HTTPFailure) { reply = try await client.send(request) } catch { throw .transport(error) }
        let object = (try? JSON(parsing: reply.body))?.object
        guard reply.status < 400 else {
            let message = object?["message"]?.string ?? "no reason given"
            throw .refused(status: reply.status, message: message, retryAfter: reply.retryAfter)
        }
        guard reply.status / 100 != 3 else {
            throw .unexpectedReply("it redirects to another address, which is not followed; give that address")
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

    /// Returns a number that is checked, because every later step relies on it.
    private func integer(
        _ name: String,
        in reply: JSONObject,
        min: Int64 = 0,
        max: Int64 = numberMax
    ) throws(UploadFailure) -> Int64 {
        guard let value = reply[name] else { throw .unexpectedReply("no \(name) in its response") }
        guard let number = value.int, number >= min, number <= Swift.min(max, Self.numberMax) else {
            throw .unexpectedReply("an impossible \(name) in its response")
        }
        return number
    }
}

extension HTTPRequest {
    /// Returns the request with a token.
    fileprivate func authorized(by token: String?) -> HTTPRequest {
        guard let token else { return self }
        var request = self
        request.fields.append(("Authorization", "Bearer \(token)"))
        return request
    }
}
