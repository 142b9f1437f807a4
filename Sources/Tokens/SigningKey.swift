internal import Crypto

/// The secret that signs this server's tokens, and the one algorithm it is used with.
///
/// A key never serves two algorithms, so a token cannot choose how it is verified (RFC 8725, section 3.1).
package struct SigningKey: Sendable {
    /// The algorithms of RFC 7518, section 3.2: HMAC with SHA-2.
    package enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case hs256 = "HS256"
        case hs384 = "HS384"
        case hs512 = "HS512"

        /// Bytes of a signature, and the fewest a secret may have.
        package var byteCount: Int {
            switch self {
            case .hs256: 32
            case .hs384: 48
            case .hs512: 64
            }
        }
    }

    package let algorithm: Algorithm
    /// The header of every token this key signs, encoded.
    let header: [UInt8]
    private let secret: SymmetricKey

    /// Makes a key of a secret, which is used byte for byte; nil where it is shorter than the algorithm's signatures.
    package init?(secret: [UInt8], algorithm: Algorithm = .hs256) {
        guard secret.count >= algorithm.byteCount else { return nil }
        self.algorithm = algorithm
        self.secret = SymmetricKey(data: secret)
        header = Base64URL.encode(#"{"alg":"\#(algorithm.rawValue)","typ":"JWT"}"#.utf8)
    }

    /// Returns the signature of some bytes.
    func signature(of bytes: [UInt8]) -> [UInt8] {
        switch algorithm {
        case .hs256: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: secret))
        case .hs384: Array(HMAC<SHA384>.authenticationCode(for: bytes, using: secret))
        case .hs512: Array(HMAC<SHA512>.authenticationCode(for: bytes, using: secret))
        }
    }

    /// Whether a signature is that of some bytes; how long this takes says nothing about where they differ.
    func isValid(_ signature: [UInt8], of bytes: ArraySlice<UInt8>) -> Bool {
        switch algorithm {
        case .hs256: HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: bytes, using: secret)
        case .hs384: HMAC<SHA384>.isValidAuthenticationCode(signature, authenticating: bytes, using: secret)
        case .hs512: HMAC<SHA512>.isValidAuthenticationCode(signature, authenticating: bytes, using: secret)
        }
    }
}

/// A key tells its algorithm to whoever prints it, and nothing else.
extension SigningKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(algorithm.rawValue) key" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
