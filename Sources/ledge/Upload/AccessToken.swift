internal import Disk
internal import Glibc
internal import JSON
internal import Tokens

/// The token that an upload sends: none, one that the user named, or one of a stored login.
///
/// It is sent only to the server of the upload, and never printed.
actor AccessToken {
    private enum Source {
        /// An API key or an access token, which is sent unchanged.
        case fixed(String)
        case login(StoredLogin)
    }

    /// A longer one would exceed the limit of a request's header.
    private static let byteCountMax = 8 << 10

    private var source: Source?
    /// The access token of a stored login, after the first exchange.
    private var exchanged: String?

    private init(_ source: Source?) {
        self.source = source
    }

    /// A client without a token.
    static var none: AccessToken { AccessToken(nil) }

    /// Finds the token: `--token-file`, then `SCALEOUT_AUTH_TOKEN`, then the official client's login to `server`.
    ///
    /// - Throws: ``CommandFailure`` if the named token cannot be used.
    static func find(
        file: String?,
        server: ServerURL,
        environment: [String: String],
        on disk: any Disk,
        warn: (String) -> Void
    ) throws -> AccessToken {
        if let file {
            let (text, isOpen) = try contents(of: file)
            if isOpen { warn("other users have access to the token in \(file); run chmod 600 \(file)") }
            return AccessToken(.fixed(try token(in: text, from: file)))
        }
        if let text = environment["SCALEOUT_AUTH_TOKEN"], !text.isEmpty {
            return AccessToken(.fixed(try token(in: text, from: "SCALEOUT_AUTH_TOKEN")))
        }
        guard let login = try StoredLogin(to: server, environment: environment, on: disk) else { return .none }
        if login.isOpenToOthers {
            warn("other users have access to the login in \(login.path); run chmod 600 \(login.path)")
        }
        return AccessToken(.login(login))
    }

    /// Whether there is a token, which a connection without encryption reveals.
    var exists: Bool { source != nil }

    /// Returns the token for the next request; nil if there is none.
    func current(_ client: HTTPClient) async throws(UploadFailure) -> String? {
        switch source {
        case nil: return nil
        case .fixed(let token)?: return token
        case .login(var login)?:
            if let exchanged { return exchanged }
            let token = try await login.exchange(client)
            source = .login(login)
            exchanged = token
            return token
        }
    }

    /// Returns another token after the server has rejected `rejected`; nil if there is none.
    func replacement(for rejected: String?, _ client: HTTPClient) async throws(UploadFailure) -> String? {
        guard let rejected, case .login? = source else { return nil }
        if exchanged == rejected { exchanged = nil }
        return try await current(client)
    }

    /// Returns the token in the text of a file or variable: alone, or after a scheme, as in `Bearer eyJ…`.
    private static func token(in text: String, from name: String) throws(CommandFailure) -> String {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let last = words.last, words.count <= 2, text.utf8.count <= byteCountMax,
            String(last).isToken
        else { throw CommandFailure("\(name) does not contain a token") }
        guard role(of: last)?.opensEndpoints ?? true else {
            throw CommandFailure(
                "the token in \(name) only exchanges or enrolls; create an API key with \"ledge token\""
            )
        }
        return String(last)
    }

    /// Returns the role in a token, which is not verified; nil for a token of another kind.
    private static func role(of token: Substring) -> Role? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let claims = Base64URL.decode(Array(parts[1])[...]) else { return nil }
        return (try? JSON(parsing: claims))?["role"]?.string.flatMap(Role.init)
    }

    /// Reads a file or a pipe, and whether other users can read it.
    private static func contents(of path: String) throws(CommandFailure) -> (text: String, isOpen: Bool) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            throw CommandFailure("cannot read the token in \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: byteCountMax)
        while bytes.count <= byteCountMax {
            let count = read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandFailure("cannot read the token in \(path): \(String(cString: strerror(errno)))")
            }
            if count == 0 { break }
            bytes += piece.prefix(count)
        }
        let isFile = status.st_mode & S_IFMT == S_IFREG
        return (String(decoding: bytes, as: UTF8.self), isFile && status.st_mode & 0o077 != 0)
    }
}

extension String {
    /// Whether it consists of the characters of a token (RFC 6750, section 2.1).
    var isToken: Bool {
        !isEmpty && utf8.allSatisfy { isalnum(Int32($0)) != 0 || "-._~+/=".utf8.contains($0) }
    }
}
