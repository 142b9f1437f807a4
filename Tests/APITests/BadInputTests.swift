import HTTPTypes
import JSON
import Testing

@testable import API

/// An invalid request with its expected response.
struct BadInput: Sendable, CustomTestStringConvertible {
    var method: HTTPRequest.Method = .post
    let path: String
    var headers: [String: String] = [:]
    var body: String?
    let status: Int
    let message: String

    var testDescription: String { "\(method) \(path) \(body?.prefix(60) ?? "")" }
}

struct BadInputTests {
    private static let telemetry = "/api/v1/telemetry"
    private static let begin = "/api/v1/file-upload/init"
    private static let chunk = "/api/v1/file-upload/8d5fd9f0-0000-4000-8000-000000000000/chunk"

    static let requests: [BadInput] = [
        // Documents.
        BadInput(
            path: telemetry,
            body: #"{"key":"k","client_id":"c","x":1}"#,
            status: 400,
            message: "Invalid object: unknown field 'x'"
        ),
        BadInput(path: telemetry, body: #"{"client_id":"c"}"#, status: 400, message: "missing field 'key'"),
        BadInput(
            path: telemetry,
            body: #"{"key":7,"client_id":"c"}"#,
            status: 400,
            message: "field 'key' must be a string"
        ),
        BadInput(
            path: telemetry,
            body: #"{"key":"k","client_id":"c","value":"high"}"#,
            status: 400,
            message: "field 'value' must be a number"
        ),
        BadInput(path: "/api/v1/statuses/", body: #"{"status":"s"}"#, status: 400, message: "missing field 'sender'"),
        BadInput(
            path: "/api/v1/statuses/",
            body: #"{"status":"s","sender":{"combiner_id":null}}"#,
            status: 400,
            message: "field 'sender' must have a client_id or a combiner_id"
        ),
        BadInput(path: telemetry, status: 400, message: "missing field 'key'"),
        BadInput(path: telemetry, body: "[]", status: 400, message: "Invalid object: the body must be a JSON object"),
        BadInput(path: telemetry, body: "7", status: 400, message: "Invalid object: the body must be a JSON object"),
        // JSON.
        BadInput(
            path: telemetry,
            body: #"{"key":x}"#,
            status: 400,
            message: "Broken JSON: unexpected character at byte 7"
        ),
        BadInput(path: telemetry, body: #"{"key":"#, status: 400, message: "Broken JSON: it ends unfinished at byte 7"),
        BadInput(
            path: telemetry,
            body: "{} {}",
            status: 400,
            message: "Broken JSON: more follows after the value, at byte 3"
        ),
        BadInput(
            path: telemetry,
            body: #"{"a":1,"a":2}"#,
            status: 400,
            message: "Broken JSON: key 'a' comes twice, at byte 7"
        ),
        BadInput(
            path: telemetry,
            body: String(repeating: "[", count: 1000),
            status: 400,
            message: "Broken JSON: nested too deep at byte 64"
        ),
        BadInput(
            path: "/api/v1/clients/list",
            body: "{",
            status: 400,
            message: "Broken JSON: it ends unfinished at byte 1"
        ),
        BadInput(
            path: telemetry,
            body: String(repeating: " ", count: (1 << 20) + 1),
            status: 413,
            message: "The request body is longer than 1048576 bytes"
        ),
        BadInput(
            path: telemetry,
            headers: ["Content-Length": "5"],
            status: 400,
            message: "The request ended before its body was complete"
        ),
        // Uploads.
        BadInput(path: begin, body: #"{"file_name":"f"}"#, status: 400, message: "missing field 'file_size'"),
        BadInput(path: begin, body: #"{"file_size":1}"#, status: 400, message: "missing field 'file_name'"),
        BadInput(
            path: begin,
            body: #"{"file_name":"f","file_size":-1}"#,
            status: 400,
            message: "field 'file_size' must not be negative, but is -1"
        ),
        BadInput(
            path: begin,
            body: #"{"file_name":"f","file_size":1.5}"#,
            status: 400,
            message: "field 'file_size' must be an integer"
        ),
        BadInput(
            path: begin,
            body: #"{"file_name":"f","file_size":4611686018427387904}"#,
            status: 400,
            message: "The file is too large: 4611686018427387904 bytes; at most 10737418240 are allowed"
        ),
        BadInput(
            path: begin,
            body: #"{"file_name":7,"file_size":1}"#,
            status: 400,
            message: "field 'file_name' must be a string"
        ),
        BadInput(
            path: begin,
            body: #"{"file_name":"","file_size":1}"#,
            status: 400,
            message: "field 'file_name' must have 1 to 1024 bytes"
        ),
        BadInput(path: chunk, body: "x", status: 400, message: "Missing header X-Chunk-Index"),
        BadInput(
            path: chunk,
            headers: ["X-Chunk-Index": "-1"],
            body: "x",
            status: 400,
            message: "Header X-Chunk-Index must be a number from 0"
        ),
        BadInput(
            path: chunk,
            headers: ["X-Chunk-Index": "0", "X-Chunk-Checksum": "md5:00"],
            body: "x",
            status: 400,
            message: "Header X-Chunk-Checksum must be sha256:<64 hex digits> or xxh3:<32 hex digits>"
        ),
        BadInput(path: chunk, headers: ["X-Chunk-Index": "0"], body: "x", status: 404, message: "Unknown upload_id"),
        BadInput(
            path: "/api/v1/file-upload/..%2f..%2fx/complete",
            status: 404,
            message: "Unknown upload_id"
        ),
        BadInput(method: .get, path: "/api/v1/file-upload/x", status: 404, message: "Unknown upload_id"),
        BadInput(path: "/api/v1/file-upload/x/abort", status: 404, message: "Unknown upload_id"),
        // Models, helpers, attributes.
        BadInput(
            path: "/api/v1/models/",
            body: #"{"helper":"numpyhelper"}"#,
            status: 400,
            message: "missing field 'file_token'"
        ),
        BadInput(path: "/api/v1/models/", body: #"{"file_token":"t"}"#, status: 404, message: "Unknown file_token"),
        BadInput(
            path: "/api/v1/models/",
            body: #"{"file_token":"t","x":1}"#,
            status: 400,
            message: "Invalid object: unknown field 'x'"
        ),
        BadInput(
            path: "/api/v1/models/",
            body: #"{"file_token":"t","helper":"foo"}"#,
            status: 400,
            message: "Helper is required to be either 'numpyhelper', 'binaryhelper' or 'androidhelper'"
        ),
        BadInput(
            path: "/api/v1/models/",
            headers: ["Content-Type": "multipart/form-data"],
            body: "x",
            status: 400,
            message: "Broken multipart body: the Content-Type names no boundary"
        ),
        BadInput(
            path: "/api/v1/models/",
            headers: ["Content-Type": "multipart/form-data; boundary=b"],
            body: "--b\r\nContent-Disposition: form-data; name=helper\r\n\r\nnumpyhelper\r\n",
            status: 400,
            message: "Broken multipart body: it ends before its closing boundary"
        ),
        BadInput(
            method: .put,
            path: "/api/v1/helpers/active",
            body: #"{"helper":"x"}"#,
            status: 400,
            message: "Helper is required to be either 'numpyhelper', 'binaryhelper' or 'androidhelper'"
        ),
        BadInput(
            method: .put,
            path: "/api/v1/helpers/active",
            body: "{}",
            status: 400,
            message: "Helper is required to be either 'numpyhelper', 'binaryhelper' or 'androidhelper'"
        ),
        BadInput(path: "/api/v1/attributes/current", body: "{}", status: 400, message: "missing field 'entity_ids'"),
        BadInput(
            path: "/api/v1/attributes/current",
            body: #"{"entity_ids":[]}"#,
            status: 400,
            message: "missing field 'entity_ids'"
        ),
        // Routes.
        BadInput(method: .get, path: "/", status: 404, message: "No such endpoint"),
        BadInput(method: .get, path: "/api/v1/nonsense", status: 404, message: "No such endpoint"),
        BadInput(
            method: .patch,
            path: "/api/v1/clients/x",
            body: "{}",
            status: 405,
            message: "Method not allowed; this endpoint allows DELETE, GET, HEAD"
        ),
        BadInput(
            method: .get,
            path: "/api/v1/telemetry/list/",
            status: 405,
            message: "Method not allowed; this endpoint allows POST"
        ),
        BadInput(method: .delete, path: "/api/v1/clients/x", status: 404, message: "Entity with id: x not found"),
    ]

    @Test(arguments: requests)
    func badInputIsRefusedWithTheReason(_ request: BadInput) async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(
                request.method,
                request.path,
                headers: request.headers,
                bytes: request.body.map { Array($0.utf8) }
            )
            #expect(answer.status == request.status)
            #expect(try answer.message == request.message)
            #expect(answer["Content-Type"] == "application/json")
        }
    }

    @Test func badInputStoresNothing() async throws {
        try await ServerFixture().run { client async throws in
            for request in Self.requests {
                _ = try await client.ask(
                    request.method,
                    request.path,
                    headers: request.headers,
                    bytes: request.body.map { Array($0.utf8) }
                )
            }
            for name in ["telemetry", "statuses", "attributes", "models", "clients"] {
                #expect(try await client.ask(.get, "/api/v1/\(name)/count").text == "0")
            }
        }
    }

    @Test(arguments: ["../x", "/etc/passwd", "a/b", "a\\b", ".", "..", "nul\0byte", "line\nbreak", "\u{1B}[2J"])
    func fileNameWithAPathIsRefused(_ name: String) async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(.post, Self.begin, ["file_name": .string(name), "file_size": 4])
            #expect(answer.status == 400)
            #expect(try answer.message == "field 'file_name' must be a name without a path or control characters")
        }
    }

    @Test func allowHeaderListsTheMethods() async throws {
        try await ServerFixture().run { client async throws in
            let answer = try await client.ask(.put, "/api/v1/telemetry/count")
            #expect(answer.status == 405)
            #expect(answer["Allow"] == "GET, HEAD, POST")
        }
    }
}
