export default function Page() {
  return <h1>Only for who is signed in</h1>
}
