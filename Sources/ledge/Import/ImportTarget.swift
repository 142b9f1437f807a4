internal import Blobs
internal import Catalog
internal import Disk
internal import Federation
internal import Store

/// The data directory that an import writes to, which no other process may use.
struct ImportTarget {
    let store: Store
    /// The network with its files; nil if only documents are imported.
    let network: FederatedNetwork?

    /// Opens a data directory; an empty directory becomes one.
    static func open(_ path: String, withFiles: Bool) async throws(CommandFailure) -> ImportTarget {
        var options = Store.Options()
        options.maintainsItself = true
        options.settlingTimeMax = .seconds(3600)
        let disk: PosixDisk?
        do { disk = try PosixDisk.opening(path) } catch { throw CommandFailure(error.text) }
        guard let disk else {
            throw CommandFailure(
                "\(path) does not exist; an import makes an empty directory a data directory: mkdir \(path)"
            )
        }
        let store: Store
        do throws(StoreError) {
            store = try Store.open(path, schemas: Resource.allSchemas, options: options, on: disk)
        } catch {
            throw CommandFailure(error.text)
        }
        guard withFiles else { return ImportTarget(store: store, network: nil) }
        do throws(StorageError) {
            // The files were accepted by the system that they come from.
            var options = BlobStore.Options()
            options.fileByteCountMax = .max
            options.chunkCountMax = .max
            options.unfinishedUploadCountMax = .max
            let blobs = try BlobStore(directory: path, options: options, space: store.space, on: disk)
            return ImportTarget(store: store, network: FederatedNetwork(store: store, blobs: blobs))
        } catch {
            // The error that is thrown is the cause; another one of closing may be its consequence.
            do { try await store.close() } catch {}
            throw CommandFailure(error.text)
        }
    }

    func close() async throws(CommandFailure) {
        await network?.blobs.close()
        do { try await store.close() } catch { throw CommandFailure(error.text) }
    }
}
