internal import ArgumentParser
internal import Disk
internal import Store
internal import Tokens

/// Who may call the server, as options of ``Serve``.
struct ServeAccess: ParsableArguments {
    @Flag(help: "Ask every request for a token.")
    var authentication = false

    @Option(
        help: ArgumentHelp(
            "The secret tokens are signed with: 32 bytes or more, readable by its owner only. Implies --authentication; "
                + "without it the secret is DIR/\(SigningKey.fileName), made at the first start.",
            valueName: "file"
        ),
        completion: .file()
    )
    var tokenSecret: String?

    @Option(help: ArgumentHelp("HS256, HS384 or HS512.", valueName: "name"), transform: algorithm)
    var tokenAlgorithm = SigningKey.Algorithm.hs256

    @Option(help: ArgumentHelp("Minutes an access token is good for.", valueName: "minutes"))
    var tokenLifetime = 60

    /// Shorter ones a client would refresh before every request; longer ones are API keys.
    private static let lifetimes = 2...1440

    mutating func validate() throws {
        guard Self.lifetimes.contains(tokenLifetime) else {
            throw ValidationError(
                "--token-lifetime is \(Self.lifetimes.lowerBound) to \(Self.lifetimes.upperBound) minutes"
            )
        }
    }

    var isOn: Bool { authentication || tokenSecret != nil }

    /// What verifies the tokens of requests; nil where none are asked for.
    ///
    /// - Precondition: The store of the directory is open, and with it the directory's lock is ours.
    func authority(data: String, store: Store) throws(CommandFailure) -> TokenAuthority? {
        guard isOn else { return nil }
        var options = TokenAuthority.Options()
        options.accessLifetime = .seconds(tokenLifetime * 60)
        return TokenAuthority(
            key: try Self.key(in: data, file: tokenSecret, algorithm: tokenAlgorithm),
            spent: store.collection(TokenAuthority.schema.name),
            options: options
        )
    }

    static func key(in data: String, file: String?, algorithm: SigningKey.Algorithm) throws(CommandFailure)
        -> SigningKey
    {
        do {
            guard let file else { return try SigningKey.load(directory: data, algorithm: algorithm, on: PosixDisk()) }
            return try SigningKey.load(file: file, algorithm: algorithm, on: PosixDisk())
        } catch {
            throw CommandFailure(error.text)
        }
    }

    static func algorithm(_ text: String) throws -> SigningKey.Algorithm {
        guard let algorithm = SigningKey.Algorithm(rawValue: text.uppercased()) else {
            throw ValidationError("it is none of HS256, HS384, HS512")
        }
        return algorithm
    }
}

extension SigningKeyError {
    /// What a person at the terminal reads.
    var text: String {
        switch self {
        case .missing(let path): "there is no secret at \(path)"
        case .notAFile(let path): "\(path) is not a file"
        case .openToOthers(let path): "others may read \(path): chmod 600 \(path)"
        case .tooShort(let path, let byteCountMin): "the secret in \(path) is shorter than \(byteCountMin) bytes"
        case .tooLong(let path, let byteCountMax): "\(path) is longer than \(byteCountMax) bytes: no secret"
        case .disk(let error): "\(error)"
        }
    }
}
