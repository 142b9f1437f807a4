extension ChunkReceiver {
    /// Takes all of some bytes; waits while too many frames are being compressed.
    ///
    /// - Throws: as ``fill(_:)`` and ``flush()`` do.
    package func take<Bytes: Collection<UInt8> & Sendable>(_ bytes: Bytes) async throws(UploadError)
    where Bytes.SubSequence: Sendable {
        var rest = bytes[...]
        while !rest.isEmpty {
            let taken = rest.withContiguousStorageIfAvailable { fillResult(UnsafeRawBufferPointer($0)) }
            let count = try (taken ?? Array(rest).withUnsafeBytes { fillResult($0) }).get()
            rest = rest.dropFirst(count)
            if isFull { try await flush() }
        }
    }

    private func fillResult(_ bytes: UnsafeRawBufferPointer) -> Result<Int, UploadError> {
        Result { () throws(UploadError) in try fill(bytes) }
    }
}
