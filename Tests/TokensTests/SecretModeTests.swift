import Disk
import Glibc
import TestSupport
import Testing

@testable import Tokens

/// The file mode of the secret.
struct SecretModeTests {
    @Test func secretIsReadableByItsOwnerOnly() throws {
        let directory = try TemporaryDirectory()
        _ = try SigningKey.load(directory: directory.path, on: PosixDisk())
        var status = stat()
        #expect(stat("\(directory.path)/token-secret", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    /// The mode is set when the file is created: other processes could open a file whose mode is changed later.
    @Test func secretIsCreatedWithOwnerOnlyMode() throws {
        let disk = FaultDisk()
        try disk.createDirectory("data")
        disk.fail(.fdatasync, with: EIO)
        #expect(throws: SigningKeyError.self) { try SigningKey.load(directory: "data", on: disk) }
        #expect(try disk.entry("data/token-secret.new")?.isOpenToOthers == false)
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o660, 0o777] as [mode_t])
    func fileOpenToOthersIsRejected(_ mode: mode_t) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(TokenFixture.secret)
        for good in [0o600, 0o400, 0o700] as [mode_t] {
            #expect(chmod(path, good) == 0)
            _ = try SigningKey.load(file: path, on: PosixDisk())
        }
        #expect(chmod(path, mode) == 0)
        #expect(throws: SigningKeyError.openToOthers(path: path)) { try SigningKey.load(file: path, on: PosixDisk()) }
    }
}
