internal import Disk
internal import Glibc
internal import JSON
internal import NIOCore
internal import NIOHTTP1

/// A login that `scaleout login` has stored: the refresh token for one server.
///
/// Shape: a member of the list in `~/.scaleout/contexts.yaml`, or below `$SCALEOUT_HOME_DIR`, as PyYAML writes it:
///
///     - host: http://edge-7:8092
///       name: edge-7:8092
///       token: eyJ…
///
/// A refresh token is valid once: it is exchanged for an access token and the next refresh token, which replaces it in
/// the file, so that the official client remains logged in. Source: scaleout 1.1.0, `cli/shared.py`.
struct StoredLogin: Sendable {
    let path: String
    /// Whether other users can read the file.
    let isOpenToOthers: Bool
    private let disk: any Disk
    private var token: String

    /// Finds the login to `server`; nil if there is none.
    init?(to server: ServerURL, environment: [String: String], on disk: any Disk) throws(StorageError) {
        guard let home = environment["SCALEOUT_HOME_DIR"] ?? environment["HOME"] else { return nil }
        path = "\(home)/.scaleout/contexts.yaml"
        guard let bytes = try disk.contents(of: path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let token = Self.token(for: server, in: text) else { return nil }
        var status = stat()
        isOpenToOthers = stat(path, &status) == 0 && status.st_mode & 0o077 != 0
        self.disk = disk
        self.token = token
    }

    /// Exchanges the refresh token for an access token, and stores the next refresh token.
    mutating func exchange(_ client: HTTPClient) async throws(UploadFailure) -> String {
        let body: JSON = ["refresh_token": .string(token), "role": "client"]
        let request = HTTPRequest(
            method: .POST,
            path: "/api/auth/refresh",
            fields: [("Content-Type", "application/json")],
            body: ByteBuffer(bytes: body.bytes)
        )
        let reply = try await UploadEndpoint.object(of: request, client)
        guard let access = reply["access_token"]?.string, access.isToken else {
            throw .unexpectedReply("no access_token in its response")
        }
        if let next = reply["refresh_token"]?.string, next.isToken, next != token {
            do throws(StorageError) { try replace(by: next) } catch { throw .login("\(error); log in again") }
        }
        return access
    }

    /// Replaces the token in the file, which another process may have changed in the meantime.
    private mutating func replace(by next: String) throws(StorageError) {
        if let bytes = try disk.contents(of: path) {
            let text = String(decoding: bytes, as: UTF8.self).replacing(token, with: next)
            try disk.publish(Array(text.utf8), at: path)
        }
        token = next
    }

    /// Returns the token of the first context whose host is `server`.
    private static func token(for server: ServerURL, in text: String) -> String? {
        var host: ServerURL?
        for line in text.split(separator: "\n") {
            let isFirst = line.hasPrefix("- ")
            guard isFirst || line.hasPrefix("  ") else { continue }
            if isFirst { host = nil }
            let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard parts.count == 2 else { continue }
            let value = unquoted(parts[1])
            if parts[0] == "host" { host = try? ServerURL(parsing: value) }
            // The members are sorted by name, so the host comes first.
            if parts[0] == "token", host?.text == server.text, !value.isEmpty, value != "null" { return value }
        }
        return nil
    }

    /// Removes the quotes of a text that is not a plain scalar.
    private static func unquoted(_ value: Substring) -> String {
        guard value.count >= 2, let quote = value.first, quote == value.last, "'\"".contains(quote) else {
            return String(value)
        }
        return String(value.dropFirst().dropLast())
    }
}
