import TestSupport
import Testing

@testable import Weights

struct ZipWritingTests {
    /// A file too large to be written: parts with bytes, and zeros between them.
    struct SparseSource: ByteSource {
        let byteCount: Int64
        let parts: [(offset: Int64, bytes: [UInt8])]

        func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) -> Int {
            let count = Int(min(Int64(buffer.count), byteCount - offset))
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            for part in parts {
                let end = min(offset + Int64(count), part.offset + Int64(part.bytes.count))
                for position in max(offset, part.offset)..<max(end, max(offset, part.offset)) {
                    buffer[Int(position - offset)] = part.bytes[Int(position - part.offset)]
                }
            }
            return count
        }
    }

    /// Returns an archive whose members consist of zeros.
    func sparse(_ members: [ZipLayout.Member]) -> (SparseSource, ZipLayout) {
        let layout = ZipLayout(members)
        var parts: [(Int64, [UInt8])] = []
        for (member, offset) in zip(layout.members, layout.headerOffsets) {
            let header = member.localHeader
            parts.append((offset, header))
            let end = offset + Int64(header.count) + member.storedByteCount
            parts.append((end, member.dataDescriptor(checksum: 7)))
        }
        let directory = layout.directory(checksums: members.map { _ in 7 })
        parts.append((layout.directoryOffset, directory))
        let byteCount = layout.directoryOffset + Int64(directory.count)
        return (SparseSource(byteCount: byteCount, parts: parts), layout)
    }

    /// Sizes and offsets around the limits of 32 bits.
    @Test(
        arguments: [
            [0xffff_fffe, 1], [0xffff_ffff, 1], [0x1_0000_0000, 5], [0xffff_ff00, 1, 3], [1 << 33, 1 << 34, 0, 9],
        ] as [[Int64]]
    )
    func membersPastFourGigabytesAreFound(_ sizes: [Int64]) throws {
        for isKnown in [true, false] {
            let (source, layout) = sparse(
                sizes.enumerated().map { index, size in
                    ZipLayout.Member(NumpyArchive.memberName(index), byteCount: size, checksum: isKnown ? 7 : nil)
                }
            )
            #expect(layout.byteCount == source.byteCount)
            let archive = try ZipArchive(source, limits: ModelLimits(byteCountMax: 1 << 40))
            #expect(archive.members.map(\.byteCount) == sizes)
            #expect(archive.members.map(\.headerOffset) == layout.headerOffsets)
            #expect(archive.members.allSatisfy { $0.checksum == 7 })
            for member in archive.members {
                let offset = try archive.dataOffset(of: member)
                let header = try source.bytes(at: member.headerOffset, count: Int(offset - member.headerOffset))
                #expect(header == layout.members.first { $0.nameBytes == member.nameBytes }?.localHeader)
            }
        }
    }

    @Test(arguments: [65_534, 65_535, 65_536])
    func zip64MemberCountsAreFound(_ count: Int) throws {
        let (source, layout) = sparse(
            (0..<count).map { ZipLayout.Member(NumpyArchive.memberName($0), byteCount: 0, checksum: 0) }
        )
        let memory = MemorySource(try source.bytesInOrder())
        #expect(memory.byteCount == layout.byteCount)
        #expect(try ZipArchive(memory, limits: .default).members.count == count)
    }

    @Test func npzRoundTrips() throws {
        let arrays = [
            WeightsArray([1, 2, 3, 4], shape: [2, 2]), WeightsArray([], shape: [0]), WeightsArray([5], shape: []),
        ]
        let model = try ModelFile.open(MemorySource(ModelFile.npz(arrays)))
        #expect(try arrays.indices.map { try model.array($0) } == arrays)
    }

    /// The fixtures are verified: `fixtures/weights/make.py --check` loads them with numpy, `zipfile` and the official
    /// client, and tests them with `unzip -t`.
    @Test(arguments: [("written.npz", ["update-0.npz", "update-1.npz"]), ("written.zip", ["container-kept.zip"])])
    func writtenFilesEqualTheFixtures(_ name: String, updates: [String]) throws {
        let updates = try updates.map { WeightedUpdate(try WeightsFixture.model($0), weight: 3) }
        let bytes = try FedAvg().aggregate(updates, modelID: "b1f4a8d2-0000-4000-8000-000000000001").collect()
        #expect(try bytes == Fixture.bytes(of: "weights/\(name)"))
    }
}

extension ZipWritingTests.SparseSource {
    /// Returns all bytes of an archive whose members are empty.
    func bytesInOrder() throws -> [UInt8] {
        parts.flatMap(\.bytes)
    }
}
