import Disk
import TestSupport
import Testing

/// Compares the results of the same random calls on the real file system and on the one in memory.
struct DiskModelTests {
    @Test func randomCallsHaveEqualResults() throws {
        let posix = try DiskUnderTest.posix.makeDirectory()
        let fault = try DiskUnderTest.fault.makeDirectory()
        var generator = SeededGenerator()
        for step in 0..<3_000 {
            let call = RandomCall(using: &generator)
            let expected = call.answer(in: posix)
            let answer = call.answer(in: fault)
            try #require(answer == expected, "step \(step), \(call), SEED=\(SeededGenerator.runSeed)")
        }
    }
}

/// One call on a few names, which calls use in every state.
private struct RandomCall {
    let verb: Int
    let names: [String]
    let number: Int

    init(using generator: inout SeededGenerator) {
        verb = Int.random(in: 0..<11, using: &generator)
        names = ["", ""].map { _ in
            let depth = [1, 1, 2].randomElement(using: &generator) ?? 1
            return (0..<depth).map { _ in ["a", "b", "c"].randomElement(using: &generator) ?? "" }.joined(
                separator: "/"
            )
        }
        number = Int.random(in: 0..<2_000, using: &generator)
    }

    /// Returns the result on a disk, with the fixture's own path removed.
    func answer(in directory: DirectoryFixture) -> String {
        let path = directory(names[0])
        let disk = directory.disk
        do {
            switch verb {
            case 0, 1: try File(path, .create, on: disk).write([UInt8(truncatingIfNeeded: number)], at: 0)
            case 2: try File(path, .updateOrCreate, on: disk).truncate(to: Int64(number))
            case 3:
                try File(path, .update, on: disk).write([1, 2, UInt8(truncatingIfNeeded: number)], at: Int64(number))
            case 4:
                return
                    "\(try disk.entry(path)?.kind == .file ? try File(path, .read, on: disk).bytes(at: 0, count: 4_000) : [])"
            case 5: try disk.createDirectory(path)
            // Directories are never renamed.
            case 6: if try disk.entry(path)?.kind == .file { try disk.rename(path, to: directory(names[1])) }
            case 7: try disk.remove(path)
            case 8: try disk.removeDirectory(path)
            case 9: return "\(try disk.list(path))"
            default: return "\(String(describing: try disk.entry(path)?.kind))"
            }
            return "done"
        } catch {
            guard let failure = error.failedCall else { return "\(error)" }
            return "\(failure.call) \(failure.code) \(failure.path.dropFirst(directory.path.count))"
        }
    }
}
