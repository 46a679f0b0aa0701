"""What `monitor doctor` looks at: the installation, this machine, MongoDB, credentials, and with --live the platforms."""
