import Disk
import Inspection
import TestSupport
import Testing

struct CheckTests {
    @Test func undamagedDirectoryIsClean() async throws {
        let (tally, findings) = try check(try await SampleDirectory().disk)
        #expect(findings == [])
        #expect(tally.worst == .note)
        #expect(tally.recordCount == 8)
        #expect(tally.collectionCount == 3)
        #expect(tally.blobCount == 1)
        #expect(tally.uploadCount == 2)
    }

    @Test(arguments: [SampleDirectory.Parts.records, .model])
    func everyFlippedBitIsDamageOfItsFile(_ parts: SampleDirectory.Parts) async throws {
        let sample = try await SampleDirectory(parts)
        let undetected = try await flips(of: sample.files, on: sample.disk) { path, findings in
            !findings.contains { $0.severity == .damage && $0.path == path }
        }
        #expect(undetected == [])
    }
}

/// Checks the sample on `disk`.
func check(_ disk: some Disk) throws -> (Tally, [Finding]) {
    var findings: [Finding] = []
    let tally = try Check.run(SampleDirectory.path, on: disk) { findings.append($0) }
    return (tally, findings)
}

/// A bit of a file, and the findings when it is flipped.
struct Flip: Hashable, CustomStringConvertible {
    let path: String
    let bit: Int
    let findings: [Finding]

    var description: String {
        "\(path) byte \(bit / 8) bit \(bit % 8): \(findings)"
    }
}

/// Flips every bit of every file, or every `step`th, one at a time, and returns those whose findings `isWanted`.
func flips(
    of paths: [String],
    on disk: FaultDisk,
    step: Int = 1,
    where isWanted: @escaping @Sendable (String, [Finding]) -> Bool
) async throws -> [Flip] {
    try await withThrowingTaskGroup(of: [Flip].self) { group in
        for path in paths {
            let disk = disk.copy()
            group.addTask {
                var wanted: [Flip] = []
                for bit in stride(from: 0, to: (disk.bytes(of: path)?.count ?? 0) * 8, by: step) {
                    try disk.flipBit(bit, of: path)
                    let findings = try check(disk).1
                    try disk.flipBit(bit, of: path)
                    if isWanted(path, findings) { wanted.append(Flip(path: path, bit: bit, findings: findings)) }
                }
                return wanted
            }
        }
        return try await group.reduce(into: []) { $0 += $1 }
    }
}
