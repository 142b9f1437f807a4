package import Disk
internal import JSON

/// The file of a signing key.
///
/// Shape: the secret is the content of the file without a trailing newline. A generated secret has 64 hexadecimal
/// digits (32 random bytes): long enough for every algorithm, and a text that other programs can use.
extension SigningKey {
    /// The name of the secret's file in a data directory.
    package static let fileName = "token-secret"

    /// The maximum size of the file.
    static let fileByteCountMax = 4096

    /// Reads the secret of a data directory, or generates one durably; blocks.
    ///
    /// - Precondition: the caller holds the directory's lock. Otherwise two processes could generate secrets at once,
    ///   and one of them would sign with a secret that the other replaced.
    /// - Throws: ``SigningKeyError``; no secret was generated then.
    package static func load(
        directory: String,
        algorithm: Algorithm = .hs256,
        on disk: any Disk
    ) throws(SigningKeyError) -> SigningKey {
        let path = "\(directory)/\(fileName)"
        if try SigningKeyError.wrap(disk.entry(path)) == nil {
            try SigningKeyError.wrap(disk.publish(newSecret(), at: path))
        }
        return try load(file: path, algorithm: algorithm, on: disk)
    }

    /// Reads a secret from a file of the operator; blocks.
    ///
    /// - Throws: ``SigningKeyError`` if the file is missing, its length is not allowed, or users other than its owner
    ///   have access.
    package static func load(
        file path: String,
        algorithm: Algorithm = .hs256,
        on disk: any Disk
    ) throws(SigningKeyError) -> SigningKey {
        var secret = try contents(of: path, on: disk)
        guard secret.count <= fileByteCountMax else { throw .tooLong(path: path, byteCountMax: fileByteCountMax) }
        if secret.last == UInt8(ascii: "\n") { secret.removeLast() }
        if secret.last == UInt8(ascii: "\r") { secret.removeLast() }
        guard let key = SigningKey(secret: secret, algorithm: algorithm) else {
            throw .tooShort(path: path, byteCountMin: algorithm.byteCount)
        }
        return key
    }

    private static func contents(of path: String, on disk: any Disk) throws(SigningKeyError) -> [UInt8] {
        guard let entry = try SigningKeyError.wrap(disk.entry(path)) else { throw .missing(path: path) }
        let bytes = try SigningKeyError.wrap(
            entry.kind == .file ? disk.contents(of: path, byteCountMax: fileByteCountMax + 1) : nil
        )
        guard let bytes else { throw .notAFile(path: path) }
        guard !entry.isOpenToOthers else { throw .openToOthers(path: path) }
        return bytes
    }

    /// Returns 64 hexadecimal digits from the kernel's random numbers, and a newline.
    private static func newSecret() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var line: [UInt8] = []
        for _ in 0..<4 { Hexadecimal.append(generator.next(), to: &line) }
        line.append(UInt8(ascii: "\n"))
        return line
    }
}

/// A secret that cannot be read or used.
package enum SigningKeyError: StorageErrorWrapper, Sendable, Hashable {
    /// The file does not exist.
    case missing(path: String)
    /// The path is not a regular file.
    case notAFile(path: String)
    /// Users other than the file's owner have access; `chmod 600` removes it.
    case openToOthers(path: String)
    /// The secret has fewer bytes than the algorithm's signatures (RFC 7518, section 3.2).
    case tooShort(path: String, byteCountMin: Int)
    /// The file is longer than the maximum.
    case tooLong(path: String, byteCountMax: Int)
    /// A call failed.
    case storage(StorageError)
}
