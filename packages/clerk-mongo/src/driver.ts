/**
 * What is asked of the driver's `Db`, by shape: its class has private members, so that two copies of the driver in one
 * tree (Mongoose brings its own) would not fit each other.
 */
export interface MongoDatabase {
  readonly databaseName: string
  /** @param options of the driver, such as `readPreference`: a database that wraps another must hand them on */
  collection(name: string, options?: object): object
  command(command: { ping: 1 } | { hello: 1 } | { isMaster: 1 }): Promise<object>
}

/** A `Collection` of the driver, by shape. `D` is the document that it takes. */
export interface MongoCollection<D> {
  readonly collectionName: string
  insertOne(document: D): Promise<object>
}
