import Disk
import TestSupport
import Testing

/// The state after a power cut: a file's bytes and its name are durable independently.
struct PowerCutTests {
    let disk = FaultDisk()

    /// Creates a file whose bytes and name are durable.
    func makeDurable(_ path: String, _ bytes: [UInt8]) throws -> File {
        let file = try File(path, .create, on: disk)
        try file.write(bytes, at: 0)
        try file.synchronize()
        try disk.synchronizeDirectory("/")
        return file
    }

    @Test func unsyncedBytesAreLost() throws {
        let file = try makeDurable("x", [1, 2])
        try file.write([8, 9], at: 1)
        #expect(disk.copy().powerCut(keeping: .nothing).bytes(of: "x") == [1, 2])
        #expect(disk.copy().powerCut(keeping: .everything).bytes(of: "x") == [1, 8, 9])
        try file.synchronize()
        #expect(disk.durableBytes(of: "x") == [1, 8, 9])
        #expect(disk.powerCut(keeping: .nothing).bytes(of: "x") == [1, 8, 9])
    }

    @Test func unsyncedTruncationIsUndone() throws {
        let file = try makeDurable("x", [1, 2, 3, 4])
        try file.truncate(to: 1)
        try file.truncate(to: 3)
        #expect(disk.copy().powerCut(keeping: .nothing).bytes(of: "x") == [1, 2, 3, 4])
        try file.synchronize()
        #expect(disk.powerCut(keeping: .nothing).bytes(of: "x") == [1, 0, 0])
    }

    @Test func unsyncedNameIsLost() throws {
        let file = try File("x", .create, on: disk)
        try file.write([1], at: 0)
        try file.synchronize()
        #expect(disk.copy().powerCut(keeping: .nothing).paths == [])
        try disk.synchronizeDirectory("/")
        #expect(disk.powerCut(keeping: .nothing).bytes(of: "x") == [1])
    }

    @Test func durableNameMayHaveNoBytes() throws {
        try File("x", .create, on: disk).write([1], at: 0)
        try disk.synchronizeDirectory("/")
        #expect(disk.powerCut(keeping: .nothing).bytes(of: "x") == [])
    }

    @Test func unsyncedRenameIsUndone() throws {
        _ = try makeDurable("x", [1])
        _ = try makeDurable("y", [2])
        try disk.rename("y", to: "x")
        #expect(disk.copy().powerCut(keeping: .nothing).bytes(of: "x") == [1])
        #expect(disk.copy().powerCut(keeping: .nothing).bytes(of: "y") == [2])
        #expect(disk.copy().powerCut(keeping: .everything).paths == ["x"])
        try disk.synchronizeDirectory(".")
        #expect(disk.powerCut(keeping: .nothing).paths == ["x"])
    }

    @Test func unsyncedRemovalIsUndone() throws {
        _ = try makeDurable("x", [1])
        try disk.remove("x")
        #expect(disk.copy().powerCut(keeping: .nothing).bytes(of: "x") == [1])
        try disk.synchronizeDirectory("/")
        #expect(disk.powerCut(keeping: .nothing).paths == [])
    }

    @Test func lostDirectoryLosesItsContents() throws {
        try disk.createDirectory("d")
        try disk.publish([1], at: "d/x")
        #expect(disk.copy().powerCut(keeping: .nothing).paths == [])
        try disk.synchronizeDirectory("/")
        #expect(disk.powerCut(keeping: .nothing).paths == ["d/", "d/x"])
    }

    @Test func moveIsDurableInEachDirectorySeparately() throws {
        try disk.createDirectory("a")
        try disk.createDirectory("b")
        try disk.synchronizeDirectory("/")
        try disk.publish([1], at: "a/x")
        try disk.rename("a/x", to: "b/x")

        let target = disk.copy()
        try target.synchronizeDirectory("b")
        #expect(target.powerCut(keeping: .nothing).paths == ["a/", "a/x", "b/", "b/x"])
        let source = disk.copy()
        try source.synchronizeDirectory("a")
        #expect(source.copy().powerCut(keeping: .nothing).paths == ["a/", "b/"])
        try source.synchronizeDirectory("b")
        #expect(source.powerCut(keeping: .nothing).paths == ["a/", "b/", "b/x"])
    }

    @Test func fileWithTwoNamesIsOneFile() throws {
        try disk.createDirectory("b")
        try disk.synchronizeDirectory("/")
        try disk.publish([1], at: "x")
        try disk.rename("x", to: "b/x")
        try disk.synchronizeDirectory("b")
        let survivor = disk.powerCut(keeping: .nothing)
        try File("x", .update, on: survivor).write([7], at: 0)
        #expect(survivor.bytes(of: "b/x") == [7])
    }

    @Test func processKillKeepsUnsyncedBytesUnsynced() throws {
        let file = try makeDurable("x", [1])
        try file.write([2], at: 0)
        try disk.createDirectory("d")
        let survivor = disk.processKill()
        #expect(survivor.bytes(of: "x") == [2])
        #expect(survivor.paths == ["d/", "x"])
        #expect(survivor.powerCut(keeping: .nothing).bytes(of: "x") == [1])
        #expect(survivor.powerCut(keeping: .nothing).paths == ["x"])
    }
}

/// Power cuts that keep some unsynced changes: every possible state of a disk, and no other.
struct PartialPowerCutTests {
    let seeds = (0..<200).map { SeededGenerator.runSeed &+ $0 }

    @Test func seedIsRepeatable() throws {
        let disk = FaultDisk()
        for name in ["a", "b", "c", "d"] {
            try File(name, .create, on: disk).write([UInt8](repeating: 1, count: 4_000), at: 0)
        }
        var outcomes: Set<[[UInt8]?]> = []
        for seed in seeds {
            let outcome = {
                ["a", "b", "c", "d"].map { [survivor = disk.powerCut(keeping: .some(seed: seed))] in
                    survivor.bytes(of: $0)
                }
            }
            #expect(outcome() == outcome(), "seed \(seed)")
            outcomes.insert(outcome())
        }
        #expect(outcomes.count > 100)
    }

    @Test func everySectorIsOldOrNewOrZero() throws {
        let disk = FaultDisk()
        let file = try File("x", .create, on: disk)
        try file.write([UInt8](repeating: 1, count: 2_000), at: 0)
        try file.synchronize()
        try disk.synchronizeDirectory("/")
        try file.write([UInt8](repeating: 2, count: 4_000), at: 700)
        var lengths: Set<Int> = []
        for seed in seeds {
            let bytes = try #require(disk.powerCut(keeping: .some(seed: seed)).bytes(of: "x"))
            lengths.insert(bytes.count)
            #expect((2_000...4_700).contains(bytes.count), "seed \(seed)")
            for start in stride(from: 0, to: bytes.count, by: 512) {
                let sector = bytes[start..<min(start + 512, bytes.count)]
                let new = sector.indices.map { $0 < 700 ? 1 : 2 as UInt8 }
                let old = sector.indices.map { $0 < 2_000 ? 1 : 0 as UInt8 }
                #expect(sector.elementsEqual(new) || sector.elementsEqual(old), "seed \(seed), sector at \(start)")
            }
        }
        #expect(lengths.isSuperset(of: [2_000, 4_700]))
        #expect(lengths.count > 10)
    }

    @Test func overwrittenBytesMayBeDurable() throws {
        let disk = FaultDisk()
        try disk.publish([], at: "x")
        let file = try File("x", .update, on: disk)
        try file.write([UInt8](repeating: 1, count: 1_536), at: 0)
        try file.truncate(to: 0)
        try file.write([UInt8](repeating: 2, count: 1_536), at: 0)
        func found() -> Set<UInt8> {
            seeds.reduce(into: []) { $0.formUnion(disk.powerCut(keeping: .some(seed: $1)).bytes(of: "x") ?? []) }
        }
        #expect(found() == [0, 1, 2])
    }

    @Test func syncDiscardsOverwrittenBytes() throws {
        let disk = FaultDisk()
        try disk.publish([], at: "x")
        let file = try File("x", .update, on: disk)
        try file.write([UInt8](repeating: 1, count: 1_536), at: 0)
        try file.truncate(to: 0)
        try file.synchronize()
        try file.write([UInt8](repeating: 2, count: 1_536), at: 0)
        for seed in seeds {
            let bytes = disk.powerCut(keeping: .some(seed: seed)).bytes(of: "x") ?? []
            #expect(!bytes.contains(1), "seed \(seed)")
        }
    }

    @Test func changesOfOneNameKeepTheirOrder() throws {
        let disk = FaultDisk()
        try disk.publish([1], at: "x")
        try disk.rename("x", to: "y")
        try disk.rename("y", to: "z")
        try disk.createDirectory("y")
        var outcomes: Set<[String]> = []
        for seed in seeds { outcomes.insert(disk.powerCut(keeping: .some(seed: seed)).paths) }
        #expect(outcomes == [["x"], ["y"], ["z"], ["y/", "z"]])
    }

    @Test func changesOfDifferentNamesAreIndependent() throws {
        let disk = FaultDisk()
        for name in ["a", "b"] { try disk.createDirectory(name) }
        var outcomes: Set<[String]> = []
        for seed in seeds { outcomes.insert(disk.powerCut(keeping: .some(seed: seed)).paths) }
        #expect(outcomes == [[], ["a/"], ["b/"], ["a/", "b/"]])
    }

    @Test func movedFileAlwaysHasAName() throws {
        let disk = FaultDisk()
        for name in ["a", "b"] { try disk.createDirectory(name) }
        try disk.synchronizeDirectory("/")
        try disk.publish([1], at: "a/x")
        try disk.rename("a/x", to: "b/y")
        func outcomes() -> Set<[String]> {
            Set(seeds.map { disk.copy().powerCut(keeping: .some(seed: $0)).paths.filter { !$0.hasSuffix("/") } })
        }
        #expect(outcomes() == [["a/x"], ["a/x", "b/y"]])
        try disk.synchronizeDirectory("b")
        #expect(outcomes() == [["a/x", "b/y"], ["b/y"]])
    }

    @Test func syncedBytesAreInEveryMixture() throws {
        let disk = FaultDisk()
        let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0) }
        try disk.publish(bytes, at: "x")
        try File("x", .update, on: disk).write([1, 2, 3], at: 5_000)
        for seed in seeds {
            let survivor = try #require(disk.powerCut(keeping: .some(seed: seed)).bytes(of: "x"))
            #expect(survivor.starts(with: bytes), "seed \(seed)")
        }
    }
}
