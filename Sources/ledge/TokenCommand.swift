internal import API
internal import ArgumentParser
internal import Disk
internal import JSON
internal import Store
internal import Tokens

/// `ledge token`: makes a token with the secret of a data directory.
struct MakeToken: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token for the server of a data directory.",
        discussion: """
            Whoever can read the secret in the data directory needs no token to make one. The token is an API key: the \
            official client sends it as it is. It is printed on standard output and kept nowhere. A server that runs on the \
            directory accepts it at once. The secret is made where there is none yet.

            EXAMPLES
              ledge token --data data
              export SCALEOUT_AUTH_TOKEN=$(ledge token --data /var/lib/ledge --role admin --days 30)
              curl -H "Authorization: Bearer $(ledge token --data data)" http://127.0.0.1:8092/api/v1/models/
            """
    )

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"), completion: .directory)
    var data = "data"

    @Option(help: ArgumentHelp("The secret's file, where it is not in the data directory.", valueName: "file"))
    var tokenSecret: String?

    @Option(
        help: ArgumentHelp("HS256, HS384 or HS512, as the server was told.", valueName: "name"),
        transform: ServeAccess.algorithm
    )
    var tokenAlgorithm = SigningKey.Algorithm.hs256

    @Option(help: "What the token opens: admin, client or combiner.", transform: role)
    var role = Role.admin

    @Option(help: ArgumentHelp("Days it is good for.", valueName: "days"))
    var days = 365

    @Option(help: ArgumentHelp("Who it is for, as the server's log will say.", valueName: "name"))
    var subject = Identity.operator.subject

    @Flag(help: "Print one JSON object: token, role, subject, expires_at.")
    var json = false

    mutating func validate() throws {
        guard TokenAuthority.apiKeyDays.contains(days) else {
            throw ValidationError("--days is 1 to \(TokenAuthority.apiKeyDays.upperBound)")
        }
        guard (1...TokenAuthority.subjectByteCountMax).contains(subject.utf8.count) else {
            throw ValidationError("--subject has 1 to \(TokenAuthority.subjectByteCountMax) bytes")
        }
    }

    func run() throws {
        let key = try key()
        let token = key.apiKey(for: subject, role: role, days: days)
        guard json else { return Console.output(token.text) }
        let object: JSON = [
            "token": .string(token.text), "role": .string(role.rawValue), "subject": .string(subject),
            "expires_at": .string(token.expiresAt.description),
        ]
        Console.output(String(decoding: object.bytes, as: UTF8.self))
    }

    /// The key of the directory; where it has none yet, one is made under the directory's lock.
    ///
    /// A server that runs without authentication holds the lock and has no secret: it would not look at the token.
    private func key() throws -> SigningKey {
        let disk = PosixDisk()
        do {
            if tokenSecret == nil, try disk.entry("\(data)/\(SigningKey.fileName)") == nil {
                try disk.ensureDirectory(data)
                let lock = try DirectoryLock(DataDirectory(data), on: disk)
                Console.note("made a new secret in \(data)")
                return try withExtendedLifetime(lock) {
                    try ServeAccess.key(in: data, file: nil, algorithm: tokenAlgorithm)
                }
            }
        } catch StoreError.locked {
            throw CommandFailure("the server of \(data) runs without --authentication and has no secret")
        } catch let error as StoreError {
            throw CommandFailure(error.text)
        } catch let error as DiskError {
            throw CommandFailure("\(error)")
        }
        return try ServeAccess.key(in: data, file: tokenSecret, algorithm: tokenAlgorithm)
    }

    private static func role(_ text: String) throws -> Role {
        guard let role = Role(rawValue: text), role.opensEndpoints else {
            throw ValidationError("it is none of admin, client, combiner")
        }
        return role
    }
}
