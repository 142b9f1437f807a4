internal import ArgumentParser
internal import Disk
internal import JSON
internal import Store
internal import Tokens

/// `ledge token`: creates a token with the secret of a data directory.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Create a token for the server of a data directory.",
        discussion: """
            Signs an API key, which the official client sends unchanged, with the secret in the data directory. The token \
            is printed to standard output and not stored. A running server accepts it immediately if it was started with \
            --authentication. If the data directory has no secret yet, one is generated.

            EXAMPLES
              ledge token --data data
              export SCALEOUT_AUTH_TOKEN=$(ledge token --data /var/lib/ledge --days 30)
              curl -H "Authorization: Bearer $(ledge token --data data)" \\
                http://127.0.0.1:8092/api/v1/models/
            """
    )

    @Option(help: ArgumentHelp("Data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Option(
        help: ArgumentHelp(
            "File with the secret, as for the server. (default: DIR/\(SigningKey.fileName))",
            valueName: "file"
        )
    )
    var tokenSecret: String?

    @Option(
        help: ArgumentHelp(
            "Signature algorithm, as for the server: HS256, HS384 or HS512. (default: HS256)",
            valueName: "name"
        ),
        transform: ServeAccess.algorithm
    )
    var tokenAlgorithm = SigningKey.Algorithm.hs256

    @Option(help: "Role of the token: admin, client or combiner. (default: admin)", transform: role)
    var role = Role.admin

    @Option(help: ArgumentHelp("Lifetime in days, 1 to \(TokenAuthority.apiKeyDays.upperBound).", valueName: "days"))
    var days = 365

    @Option(help: ArgumentHelp("Name of the token's owner, which the server logs.", valueName: "name"))
    var subject = Identity.operator.subject

    @Flag(help: "Print one JSON object: token, id, role, subject, expires_at. The id revokes it.")
    var json = false

    mutating func validate() throws {
        guard TokenAuthority.apiKeyDays.contains(days) else {
            throw ValidationError("--days must be 1 to \(TokenAuthority.apiKeyDays.upperBound), not \(days)")
        }
        guard (1...TokenAuthority.subjectByteCountMax).contains(subject.utf8.count) else {
            throw ValidationError("--subject must have 1 to \(TokenAuthority.subjectByteCountMax) bytes")
        }
    }

    func run() throws {
        let key = try key()
        let token = key.apiKey(for: subject, role: role, days: days)
        guard json else { return Console.output(token.text) }
        let object: JSON = [
            "token": .string(token.text), "id": .string(token.id), "role": .string(role.rawValue),
            "subject": .string(subject),
            "expires_at": .string(token.expiresAt.description),
        ]
        Console.output(String(decoding: object.bytes, as: UTF8.self))
    }

    /// Returns the key of the directory; if it has none yet, generates one under the directory's lock.
    ///
    /// Fails if a server without authentication holds the lock: it has no secret and ignores tokens.
    private func key() throws -> SigningKey {
        if let tokenSecret { return try key(file: tokenSecret, on: PosixDisk()) }
        do {
            guard let disk = try PosixDisk.opening(data) else { throw missing("does not exist") }
            guard try disk.entry("\(data)/\(SigningKey.fileName)") == nil else { return try key(file: nil, on: disk) }
            let directory = DataDirectory(data)
            guard try StoreIdentity.read(directory, on: disk) != nil else {
                throw missing("is not a data directory (it has no ledge.json)")
            }
            let lock = try DirectoryLock(directory, on: disk)
            Console.note("generated a new secret in \(data)")
            return try withExtendedLifetime(lock) { try key(file: nil, on: disk) }
        } catch StoreError.locked {
            throw CommandFailure(
                "the server of \(data) runs without --authentication and ignores tokens; restart it with that option"
            )
        } catch let error as StoreError {
            throw CommandFailure(error.text)
        } catch let error as StorageError {
            throw CommandFailure(error.text)
        }
    }

    private func key(file: String?, on disk: PosixDisk) throws(CommandFailure) -> SigningKey {
        try ServeAccess.key(in: data, file: file, algorithm: tokenAlgorithm, on: disk)
    }

    private func missing(_ reason: String) -> CommandFailure {
        CommandFailure(
            "\(data) \(reason); the first start of its server creates it: ledge serve --data \(data) --authentication"
        )
    }

    private static func role(_ text: String) throws -> Role {
        guard let role = Role(rawValue: text), role.opensEndpoints else {
            throw ValidationError("it must be admin, client or combiner")
        }
        return role
    }
}
