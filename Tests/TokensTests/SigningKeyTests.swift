import Disk
import Glibc
import JSON
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import Tokens

struct SigningKeyTests {
    private let disk = FaultDisk()

    init() throws {
        try disk.createDirectory("data")
        try disk.synchronizeDirectory(".")
    }

    private func isSame(_ left: SigningKey, _ right: SigningKey) -> Bool {
        left.algorithm == right.algorithm && left.signature(of: [1, 2, 3]) == right.signature(of: [1, 2, 3])
    }

    @Test func secretIsGeneratedOnce() throws {
        let first = try SigningKey.load(directory: "data", on: disk)
        let again = try SigningKey.load(directory: "data", on: disk)
        #expect(isSame(first, again))
        let line = try #require(disk.bytes(of: "data/token-secret"))
        #expect(line.count == 65 && line.last == UInt8(ascii: "\n"))
        #expect(line.dropLast().allSatisfy { "0123456789abcdef".utf8.contains($0) })
        #expect(disk.paths.filter { $0.contains("token") } == ["data/token-secret"])
        let other = FaultDisk()
        try other.createDirectory("data")
        #expect(!isSame(first, try SigningKey.load(directory: "data", on: other)))
    }

    @Test func secretSurvivesAPowerCut() throws {
        let key = try SigningKey.load(directory: "data", on: disk)
        let survivor = disk.powerCut(keeping: .nothing)
        #expect(isSame(try SigningKey.load(directory: "data", on: survivor), key))
    }

    /// An acknowledged key is the same after every crash.
    @Test func crashLeavesTheSecretOrNone() async throws {
        let points = CrashPoints(
            makeLedger: { NIOLockedValueBox<[UInt8]?>(nil) },
            workload: { disk, ledger in
                try disk.ensureDirectory("data")
                let key = try SigningKey.load(directory: "data", on: disk)
                ledger.withLockedValue { $0 = key.signature(of: []) }
            },
            verify: { disk, ledger in
                try disk.ensureDirectory("data")
                let key = try SigningKey.load(directory: "data", on: disk)
                if let promised = ledger.withLockedValue({ $0 }), promised != key.signature(of: []) {
                    throw SigningKeyError.missing(path: "the secret that was promised")
                }
            }
        )
        let report = try await points.explore()
        #expect(report.failureCount == 0, "\(report)")
    }

    @Test func diskFailureIsAnError() throws {
        disk.fail(.fdatasync, with: EIO, times: 1)
        #expect(
            throws: SigningKeyError.storage(
                .disk(DiskError(call: .fdatasync, path: "data/token-secret.new", code: EIO))
            )
        ) {
            try SigningKey.load(directory: "data", on: disk)
        }
        #expect(disk.bytes(of: "data/token-secret") == nil)
        _ = try SigningKey.load(directory: "data", on: disk)
    }

    /// The secret is the content of the file without a trailing newline, so that other programs can use it.
    @Test func fileContentIsTheSecret() throws {
        let expected = try #require(SigningKey(secret: TokenFixture.secret))
        for ending in ["", "\n", "\r\n"] {
            let directory = try TemporaryDirectory()
            let path = try directory.write(TokenFixture.secret + Array(ending.utf8))
            #expect(isSame(try SigningKey.load(file: path, on: PosixDisk()), expected))
        }
    }

    @Test func unusableFilesAreRejected() throws {
        let disk = PosixDisk()
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/secret"
        #expect(throws: SigningKeyError.missing(path: path)) { try SigningKey.load(file: path, on: disk) }
        #expect(throws: SigningKeyError.notAFile(path: directory.path)) {
            try SigningKey.load(file: directory.path, on: disk)
        }
        for (count, algorithm) in [(0, SigningKey.Algorithm.hs256), (31, .hs256), (47, .hs384), (63, .hs512)] {
            let path = try directory.write(Array(repeating: 7, count: count) + [UInt8(ascii: "\n")])
            #expect(throws: SigningKeyError.tooShort(path: path, byteCountMin: algorithm.byteCount)) {
                try SigningKey.load(file: path, algorithm: algorithm, on: disk)
            }
            _ = try SigningKey.load(
                file: directory.write(Array(repeating: 7, count: algorithm.byteCount)),
                algorithm: algorithm,
                on: disk
            )
        }
        _ = try directory.write(Array(repeating: 7, count: 4097))
        #expect(throws: SigningKeyError.tooLong(path: path, byteCountMax: 4096)) {
            try SigningKey.load(file: path, on: disk)
        }
    }

    @Test func printedKeyHidesTheSecret() throws {
        let key = try #require(SigningKey(secret: TokenFixture.secret))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains("0123") && !text.contains("48"))
        }
    }
}

extension TemporaryDirectory {
    /// Replaces the content of the file `secret`, which only its owner may open.
    func write(_ bytes: [UInt8]) throws -> String {
        let path = "\(path)/secret"
        let disk = PosixDisk()
        if try disk.entry(path) != nil { try disk.remove(path) }
        try File(path, .create, on: disk).write(bytes, at: 0)
        guard chmod(path, 0o600) == 0 else { throw StorageError.disk(DiskError(call: .open, path: path, code: errno)) }
        return path
    }
}
