package import Blobs
package import JSON
internal import NIOPosix
internal import Weights

/// The threads that examine models: inflating a container may take seconds, and lists would wait.
private let examining: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 2)
    pool.start()
    return pool
}()

extension BlobReader {
    /// Returns what the file shows as a model, the `contents` of its document; reads headers, not the arrays.
    ///
    /// `name` is the file's name if it is another than the upload's.
    ///
    /// - Throws: `FederationError.unknownHelper`, and `WeightsError` for a file that is no model, or not readable.
    package func modelContents(named name: String? = nil, helper: String, blobs: BlobStore) async throws -> JSON {
        guard let format = WeightsFormat(helper: helper) else { throw FederationError.unknownHelper }
        // The unpacked content of an archive has the same limit as an uploaded file.
        let limits = ModelLimits(byteCountMax: blobs.options.fileByteCountMax)
        return try await examining.runIfActive { [name = name ?? description.fileName] in
            .object(try ModelContents.examine(BlobSource(self), named: name, for: format, limits: limits).object)
        }
    }
}
