internal import ArgumentParser
internal import Disk
internal import Store
internal import Tokens

/// The authentication options of ``Serve``.
struct ServeAccess: ParsableArguments {
    @Flag(help: "Require a token for every request.")
    var authentication = false

    @Option(
        help: ArgumentHelp(
            "File with the secret that signs tokens: 32 bytes or more (HS384: 48, HS512: 64), readable by its owner only. "
                + "Implies --authentication. (default: DIR/\(SigningKey.fileName), generated at the first start)",
            valueName: "file"
        ),
        completion: .file()
    )
    var tokenSecret: String?

    @Option(
        help: ArgumentHelp("Signature algorithm: HS256, HS384 or HS512. (default: HS256)", valueName: "name"),
        transform: algorithm
    )
    var tokenAlgorithm = SigningKey.Algorithm.hs256

    @Option(help: ArgumentHelp("Lifetime of an access token in minutes, 2 to 1440.", valueName: "minutes"))
    var tokenLifetime = 60

    /// With a shorter lifetime clients would refresh before every request; API keys have longer ones.
    private static let lifetimes = 2...1440

    mutating func validate() throws {
        guard Self.lifetimes.contains(tokenLifetime) else {
            throw ValidationError(
                "--token-lifetime must be \(Self.lifetimes.lowerBound) to \(Self.lifetimes.upperBound) minutes, "
                    + "not \(tokenLifetime)"
            )
        }
    }

    var isOn: Bool { authentication || tokenSecret != nil }

    /// Returns the authority that verifies tokens; nil without authentication.
    ///
    /// - Precondition: the store of the directory is open, so this process holds the directory's lock.
    func authority(data: String, store: Store, on disk: PosixDisk) throws(CommandFailure) -> TokenAuthority? {
        guard isOn else { return nil }
        var options = TokenAuthority.Options()
        options.accessLifetime = .seconds(tokenLifetime * 60)
        return TokenAuthority(
            key: try Self.key(in: data, file: tokenSecret, algorithm: tokenAlgorithm, on: disk),
            spent: store.collection(TokenAuthority.schema.name),
            options: options
        )
    }

    static func key(
        in data: String,
        file: String?,
        algorithm: SigningKey.Algorithm,
        on disk: PosixDisk
    ) throws(CommandFailure) -> SigningKey {
        do {
            guard let file else { return try SigningKey.load(directory: data, algorithm: algorithm, on: disk) }
            return try SigningKey.load(file: file, algorithm: algorithm, on: disk)
        } catch {
            throw CommandFailure(error.text)
        }
    }

    static func algorithm(_ text: String) throws -> SigningKey.Algorithm {
        guard let algorithm = SigningKey.Algorithm(rawValue: text.uppercased()) else {
            throw ValidationError("it must be HS256, HS384 or HS512")
        }
        return algorithm
    }
}

extension SigningKeyError {
    /// The message for the operator.
    var text: String {
        switch self {
        case .missing(let path): "the secret \(path) does not exist"
        case .notAFile(let path): "\(path) is not a regular file"
        case .openToOthers(let path): "other users have access to the secret \(path); run chmod 600 \(path)"
        case .tooShort(let path, let byteCountMin):
            "the secret in \(path) is shorter than the minimum of \(byteCountMin) bytes"
        case .tooLong(let path, let byteCountMax):
            "the secret in \(path) is longer than the maximum of \(byteCountMax) bytes"
        case .storage(let error): error.text
        }
    }
}
