package import Disk
internal import JSON

/// The file a key is kept in.
///
/// Shape: the secret is the file's bytes, without the newline at its end. The one we make has 64 hexadecimal digits,
/// 32 random bytes, which is long enough for every algorithm and a text any other program can be given.
extension SigningKey {
    /// The name of the secret in a data directory.
    package static let fileName = "token-secret"

    /// Bytes of a secret and its newline at most.
    static let fileByteCountMax = 4096

    /// Reads the secret of a data directory, or gives it one; when this returns, it survives a power cut.
    ///
    /// Blocks.
    ///
    /// - Precondition: The caller holds the directory's lock; of two processes that make a secret at once, one would
    ///   sign with what the other replaced.
    /// - Throws: ``SigningKeyError``; nothing was made then.
    package static func load(
        directory: String,
        algorithm: Algorithm = .hs256,
        on disk: any Disk
    ) throws(SigningKeyError) -> SigningKey {
        let path = "\(directory)/\(fileName)"
        do throws(DiskError) {
            if try disk.entry(path) == nil { try disk.publish(newSecret(), at: path, isPrivate: true) }
        } catch {
            throw .disk(error)
        }
        return try load(file: path, algorithm: algorithm, on: disk)
    }

    /// Reads a secret that the operator keeps elsewhere.
    ///
    /// Blocks.
    ///
    /// - Throws: ``SigningKeyError``, where the file is missing, too short, or open to others than its owner.
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
        let entry: DirectoryEntry?
        let bytes: [UInt8]?
        do throws(DiskError) {
            entry = try disk.entry(path)
            bytes = entry?.kind == .file ? try disk.contents(of: path, byteCountMax: fileByteCountMax + 1) : nil
        } catch {
            throw .disk(error)
        }
        guard let entry else { throw .missing(path: path) }
        guard entry.kind == .file, let bytes else { throw .notAFile(path: path) }
        guard !entry.isOpenToOthers else { throw .openToOthers(path: path) }
        return bytes
    }

    /// 64 hexadecimal digits from the kernel's random numbers, and a newline.
    private static func newSecret() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var line: [UInt8] = []
        for _ in 0..<4 { Hexadecimal.append(generator.next(), to: &line) }
        line.append(UInt8(ascii: "\n"))
        return line
    }
}

/// Why there is no key to sign with.
package enum SigningKeyError: Error, Sendable, Hashable {
    /// There is no such file.
    case missing(path: String)
    /// What stands there is not a file.
    case notAFile(path: String)
    /// The file's group or others may read or write it; `chmod 600` is what it needs.
    case openToOthers(path: String)
    /// The secret has fewer bytes than the algorithm's signatures (RFC 7518, section 3.2).
    case tooShort(path: String, byteCountMin: Int)
    /// The file is larger than any secret.
    case tooLong(path: String, byteCountMax: Int)
    /// A call failed.
    case disk(DiskError)
}
