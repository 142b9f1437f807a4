import Synchronization

@testable import Weights

/// A source that counts the bytes that are read and can limit the size of a read.
final class CountingSource: ByteSource {
    private let source: any ByteSource
    private let stepByteCountMax: Int
    private let count = Atomic<Int>(0)

    init(_ source: any ByteSource, stepByteCountMax: Int = .max) {
        self.source = source
        self.stepByteCountMax = stepByteCountMax
    }

    var readByteCount: Int { count.load(ordering: .relaxed) }

    var byteCount: Int64 { source.byteCount }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) -> Int {
        let limit = min(buffer.count, stepByteCountMax)
        let step = try source.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<limit]))
        count.add(step, ordering: .relaxed)
        return step
    }
}

/// A source that fails after a number of reads.
final class FailingSource: ByteSource {
    private let source: any ByteSource
    private let error: any Error
    private let rest: Atomic<Int>

    init(_ source: any ByteSource, after readCount: Int, _ error: any Error) {
        self.source = source
        self.error = error
        rest = Atomic(readCount)
    }

    var byteCount: Int64 { source.byteCount }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) -> Int {
        let isLast = rest.subtract(1, ordering: .relaxed).newValue < 0
        guard !isLast else { throw .unreadable(Underlying(error)) }
        return try source.read(at: offset, into: buffer)
    }
}
