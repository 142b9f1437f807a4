internal import Crypto

/// The secret that signs this server's tokens, and its algorithm.
///
/// A key is used with one algorithm only, so a token cannot select how it is verified (RFC 8725, section 3.1).
package struct SigningKey: Sendable {
    /// The algorithms of RFC 7518, section 3.2: HMAC with SHA-2.
    package enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case hs256 = "HS256"
        case hs384 = "HS384"
        case hs512 = "HS512"

        /// Bytes of a signature, and the minimum length of a secret.
        package var byteCount: Int {
            switch self {
            case .hs256: 32
            case .hs384: 48
            case .hs512: 64
            }
        }
    }

    package let algorithm: Algorithm
    /// The encoded header of every token that this key signs.
    let header: [UInt8]
    private let secret: SymmetricKey

    /// Creates a key from the bytes of a secret; nil if it is shorter than the algorithm's signatures.
    package init?(secret: [UInt8], algorithm: Algorithm = .hs256) {
        guard secret.count >= algorithm.byteCount else { return nil }
        self.algorithm = algorithm
        self.secret = SymmetricKey(data: secret)
        header = Base64URL.encode(#"{"alg":"\#(algorithm.rawValue)","typ":"JWT"}"#.utf8)
    }

    /// Returns the signature of `bytes`.
    func signature(of bytes: [UInt8]) -> [UInt8] {
        switch algorithm {
        case .hs256: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: secret))
        case .hs384: Array(HMAC<SHA384>.authenticationCode(for: bytes, using: secret))
        case .hs512: Array(HMAC<SHA512>.authenticationCode(for: bytes, using: secret))
        }
    }

    /// Whether `signature` is the signature of `bytes`; takes constant time.
    func isValid(_ signature: [UInt8], of bytes: ArraySlice<UInt8>) -> Bool {
        switch algorithm {
        case .hs256: HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: bytes, using: secret)
        case .hs384: HMAC<SHA384>.isValidAuthenticationCode(signature, authenticating: bytes, using: secret)
        case .hs512: HMAC<SHA512>.isValidAuthenticationCode(signature, authenticating: bytes, using: secret)
        }
    }
}

/// Printing a key shows only its algorithm.
extension SigningKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(algorithm.rawValue) key" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
