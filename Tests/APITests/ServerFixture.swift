import Blobs
import Catalog
import Connections
import Control
import Disk
import Federation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Logging
import NIOCore
import Store
import TestSupport
import Testing
import Tokens

@testable import API

/// A server with a real store and real blobs, by default on a disk in memory.
final class ServerFixture: Sendable {
    let disk: any Disk
    let store: Store
    let blobs: BlobStore
    let network: FederatedNetwork
    let controller: Controller
    let server: Server

    /// Creates a server; authentication is on if there is a `key` that signs tokens.
    init(
        on disk: any Disk = FaultDisk(),
        directory: String = "data",
        options: ServerOptions = ServerOptions(),
        key: SigningKey? = nil,
        blobOptions: BlobStore.Options = BlobStore.Options(),
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() },
        logger: Logger? = nil
    ) throws {
        self.disk = disk
        store = try Store.open(directory, schemas: Resource.allSchemas, on: disk, clock: clock)
        blobs = try BlobStore(directory: directory, options: blobOptions, on: disk)
        var silent = Logger(label: "test")
        silent.logLevel = .critical
        network = FederatedNetwork(store: store, blobs: blobs)
        controller = Controller(network)
        let spent = store.collection(TokenAuthority.schema.name)
        var options = options
        options.connections.waitForHours()
        // No line is stored because it waits: tests that count groups do not depend on the time.
        options.lineDelay = .seconds(86_400)
        server = Server(
            network: network,
            controller: controller,
            authority: key.map { TokenAuthority(key: $0, spent: spent) },
            options: options,
            logger: logger ?? silent
        )
    }

    /// The routes of the server, without authentication.
    var routes: Routes {
        Routes(
            network: network,
            controller: controller,
            authority: nil,
            options: ServerOptions(),
            audit: AuditLog(Logger(label: "test")),
            log: RequestLog(logger: Logger(label: "test"))
        )
    }

    /// Runs `body` with a client of the server, through the router alone or over a socket.
    func run(_ setup: TestingSetup = .router, _ body: @Sendable @escaping (APIClient) async throws -> Void) async throws
    {
        try await server.application().test(setup) { transport in
            guard let port = transport.port else {
                return try await body(APIClient(transport: Transport(router: transport)))
            }
            try await Transport.connected(to: port) { try await body(APIClient(transport: $0)) }
        }
        await controller.shutdown()
        await blobs.close()
        try await store.close()
    }

    /// Stores a client, as `clients/add` does.
    func addClient(_ id: String, name: String) async throws {
        let client = try Resource.clients.validate(["client_id": .string(id), "name": .string(name)])
        _ = try await store.collection("clients").put(client)
    }
}

extension ConnectionLimits {
    /// Makes every wait so long that no test ends with it, however slow the machine is.
    fileprivate mutating func waitForHours() {
        idleTimeout = .seconds(36_000)
        headTimeout = .seconds(36_000)
        stallTimeout = .seconds(36_000)
        lingerTimeout = .seconds(36_000)
        lingerPauseMax = .seconds(36_000)
    }
}

/// How requests reach the server under test: through its router, or over a socket.
struct Transport: Sendable {
    /// The port of the server; nil without a socket.
    let port: Int?
    let send: @Sendable (HTTPRequest.Method, String, HTTPFields, ByteBuffer?) async throws -> Answer

    init(router: any TestClientProtocol) {
        port = nil
        send = { method, path, headers, body in
            try await router.execute(uri: path, method: method, headers: headers, body: body) {
                Answer(status: Int($0.status.code), headers: $0.headers, bytes: Array($0.body.readableBytesView))
            }
        }
    }

    private init(socket: TestClient, port: Int) {
        self.port = port
        send = { method, path, headers, body in
            let request = TestClient.Request(path, method: method, authority: "localhost", headers: headers, body: body)
            let response = try await socket.execute(request)
            let bytes = response.body.map { Array($0.readableBytesView) }
            return Answer(status: Int(response.status.code), headers: response.headers, bytes: bytes ?? [])
        }
    }

    /// Connects, and waits for hours for an answer; the client that Hummingbird connects waits 20 s.
    static func connected(to port: Int, _ body: @escaping @Sendable (Transport) async throws -> Void) async throws {
        let configuration = TestClient.Configuration(timeout: .seconds(36_000))
        try await TestClient.withClient(host: "localhost", port: port, configuration: configuration) { socket in
            try await body(Transport(socket: socket, port: port))
        }
    }
}

/// Sends requests to the server under test.
struct APIClient: Sendable {
    let transport: Transport

    func ask(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers: [String: String] = [:],
        bytes: [UInt8]? = nil
    ) async throws -> Answer {
        var fields = HTTPFields()
        for (name, value) in headers { fields[HTTPField.Name(name) ?? .accept] = value }
        return try await transport.send(method, path, fields, bytes.map { ByteBuffer(bytes: $0) })
    }

    func ask(_ method: HTTPRequest.Method, _ path: String, headers: [String: String] = [:], _ body: JSON) async throws
        -> Answer
    {
        try await ask(method, path, headers: headers, bytes: body.bytes)
    }

    func ask(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers: [String: String] = [:],
        form: String
    ) async throws -> Answer {
        let type = ["Content-Type": "application/x-www-form-urlencoded"]
        return try await ask(
            method,
            path,
            headers: headers.merging(type) { first, _ in first },
            bytes: Array(form.utf8)
        )
    }
}

/// A received response.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    var content: Content { Content(bytes) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    var json: JSON {
        get throws { try JSON(parsing: bytes) }
    }

    /// The message of an error.
    var message: String? {
        get throws { try json[path: "message"]?.string }
    }

    /// One member of the documents of a list, in their order.
    func listed(_ name: FieldPath) throws -> [String] {
        try json[path: "result"]?.array?.compactMap { $0[path: name]?.string } ?? []
    }

    subscript(_ header: String) -> String? {
        HTTPField.Name(header).flatMap { headers[$0] }
    }
}

/// Bytes that are compared as a whole; a failure shows a checksum, because searching for differences in megabytes takes
/// the test library minutes.
struct Content: Equatable, CustomTestStringConvertible {
    private let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    var testDescription: String {
        "\(bytes.count) bytes, xxh3 \(bytes.withUnsafeBytes { Hexadecimal.text(XXH3.hash64($0)) })"
    }
}
