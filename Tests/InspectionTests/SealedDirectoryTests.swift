import Disk
import Inspection
import JSON
import SegmentLog
import TestSupport
import Testing

/// Sealed segments and their indexes, inspected offline.
struct SealedDirectoryTests {
    private static func sample() async throws -> SampleDirectory {
        let sample = try await SampleDirectory([.records, .sealed])
        #expect(sample.files.contains { $0.hasSuffix(".jsonl.zst") } && sample.files.contains { $0.hasSuffix(".idx") })
        return sample
    }

    @Test func sealedDirectoryIsClean() async throws {
        let (tally, findings) = try check(try await Self.sample().disk)
        #expect(findings == [] && tally.worst == .note)
        // Replaced and deleted records of a sealed segment may have been removed.
        #expect(tally.recordCount >= 4)
    }

    /// Bits of a frame that decoders ignore, and the zeros after the header of an index, are harmless.
    @Test func everyFlippedBitIsDamageOfItsFileOrHarmless() async throws {
        let sample = try await Self.sample()
        let undetected = try await flips(of: sample.files, on: sample.disk, step: 3) { path, findings in
            !findings.contains { $0.severity == .damage && $0.path == path }
        }
        for flip in undetected {
            #expect(flip.findings == [], "\(flip)")
            #expect(flip.path.hasSuffix(".zst") || flip.path.hasSuffix(".idx"), "\(flip)")
        }
        let frames = undetected.filter { $0.path.hasSuffix(".zst") }
        #expect(frames.count < 30, "\(frames)")
    }

    @Test func missingIndexIsNoDamage() async throws {
        let sample = try await Self.sample()
        let path = try #require(sample.files.first { $0.hasSuffix(".idx") })
        try sample.disk.remove(path)
        let (tally, findings) = try check(sample.disk)
        #expect(findings == [Finding(path: path, reason: .missingIndex)] && tally.worst == .note)
    }

    /// A server merges or drops a segment after its records were read.
    @Test func indexOfARemovedSegmentIsNotMissed() async throws {
        let sample = try await Self.sample()
        let path = try #require(sample.files.first { $0.hasSuffix(".idx") })
        let segment = path.dropLast(".idx".count) + ".jsonl.zst"
        sample.disk.beforeEachCall { [disk = sample.disk] call, opened in
            guard call == .open, opened == path else { return }
            for file in [String(segment), path] { try? disk.remove(file) }
        }
        let (_, findings) = try check(sample.disk)
        #expect(findings == [])
        #expect(try sample.disk.entry(path) == nil)
    }

    @Test func indexOfAnotherSegmentIsReported() async throws {
        let sample = try await Self.sample()
        let path = try #require(sample.files.first { $0.hasSuffix(".idx") })
        // Of the same records, written at another time.
        let other = try #require(try await Self.sample().disk.bytes(of: path))
        try sample.disk.replaceBytes(of: path, with: other)
        let (_, findings) = try check(sample.disk)
        #expect(findings.map(\.path) == [path] && findings.map(\.severity) == [.damage])
    }

    @Test func leftoverOfACrashIsNoDamage() async throws {
        let sample = try await Self.sample()
        let path = try #require(sample.files.first { $0.hasSuffix(".jsonl.zst") })
        let plain = String(path.dropLast(4))
        _ = try File(plain, .create, on: sample.disk)
        let (tally, _) = try check(sample.disk)
        #expect(tally.worst == .note)
    }

    /// For example of an earlier build; the next start rebuilds it.
    @Test func indexOfAnotherFormatIsNoDamage() async throws {
        let sample = try await Self.sample()
        let path = try #require(sample.files.first { $0.hasSuffix(".idx") })
        try sample.disk.damage(path) { bytes in
            let line = Array(bytes.prefix { $0 != UInt8(ascii: "\n") }) + [UInt8(ascii: "\n")]
            let log = path.split(separator: "/").dropLast().last.map(String.init) ?? ""
            let first = SegmentName.parse(String(path.split(separator: "/").last ?? ""))?.id.first ?? 0
            let seed = XXH3.hash64(log) &+ first
            guard var object = try? CheckedLine.open(line, seed: seed) else { return }
            object["format"] = .number(JSONNumber(Int64(2)))
            bytes.replaceSubrange(0..<line.count, with: CheckedLine.seal(object, seed: seed))
        }
        let (tally, findings) = try check(sample.disk)
        #expect(tally.worst == .note)
        #expect(findings == [Finding(path: path, reason: .outdatedIndex(.index(.otherFormat)))])
    }
}
